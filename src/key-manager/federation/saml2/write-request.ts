/** An AuthnRequest (SAML core section 3.4.1): who is this? */
import { samlTime } from '../../../adapters/saml/write-assertion.ts';
import { element } from '../../../adapters/xml/write-xml.ts';
import { postBinding, samlAssertion, samlProtocol } from '../../../core/saml.ts';

export interface AuthnRequest {
  /** An NCName. */
  readonly id: string;
  /** Milliseconds since the epoch. */
  readonly issuedMs: number;
  /** Where the provider takes it. */
  readonly destination: string;
  /** Our assertion consumer service. */
  readonly consumer: string;
  /** Our entity id. */
  readonly issuer: string;
  /** Whether the user has to show who he is even if the provider knows him. */
  readonly forceAuthn: boolean;
  /** Which kind of name we want (SAML core section 8.3); empty = any. */
  readonly nameIdFormat: string;
}

export function writeRequest(request: AuthnRequest): string {
  return element(
    'samlp:AuthnRequest',
    {
      'xmlns:samlp': samlProtocol,
      'xmlns:saml': samlAssertion,
      ID: request.id,
      Version: '2.0',
      IssueInstant: samlTime(request.issuedMs),
      Destination: request.destination,
      ForceAuthn: request.forceAuthn ? 'true' : undefined,
      ProtocolBinding: postBinding,
      AssertionConsumerServiceURL: request.consumer,
    },
    [
      element('saml:Issuer', {}, request.issuer),
      element('samlp:NameIDPolicy', { Format: request.nameIdFormat || undefined, AllowCreate: 'true' }),
    ],
  ).text;
}
