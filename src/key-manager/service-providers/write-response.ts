/** What a service provider is answered (SAML core section 3.3.3): an assertion, or why there is none. Both are signed. */
import { newSamlId, samlTime, writeAssertion } from '../../adapters/saml/write-assertion.ts';
import { signEnveloped } from '../../adapters/xml/sign-enveloped.ts';
import { element, Xml } from '../../adapters/xml/write-xml.ts';
import { samlAssertion, samlProtocol, samlStatus } from '../../core/saml.ts';
import type { KeyManager } from '../call.ts';
import { ownEntityId } from './own-addresses.ts';
import { ownKey } from './own-keys.ts';
import type { Refusal, SignOn } from './sign-on.ts';
import type { ToldUser } from './told-user.ts';

/** Seconds in which a browser brings it to the provider. */
const haste = 300;

export async function writeResponse(km: KeyManager, signOn: SignOn, what: ToldUser | Refusal): Promise<string> {
  const { consumerUrl, requestId } = signOn;
  const now = km.clock.now();
  const signer = await ownKey(km);
  const refusal = 'status' in what ? what : null;
  let assertion: readonly Xml[] = [];
  if (!('status' in what)) {
    const validity = validityOf(signOn, what, now);
    const { provider } = signOn;
    const xml = await writeAssertion(
      {
        issuer: ownEntityId(km.options),
        name: what.name,
        nameFormat: signOn.nameFormat,
        recipient: consumerUrl,
        recipientValidity: haste,
        ...(requestId !== null && { inResponseTo: requestId }),
        otherRecipients: provider.recipients,
        audiences: [provider.entityId, ...provider.audiences],
        attributes: what.attributes,
        logIn: what.logIn,
        now,
        validity,
        skew: km.options.assertionSkew,
      },
      signer,
    );
    assertion = [new Xml(xml)];
  }
  const response = protocol(
    'Response',
    {
      'xmlns:samlp': samlProtocol,
      ID: newSamlId(),
      ...(requestId !== null && { InResponseTo: requestId }),
      Version: '2.0',
      IssueInstant: samlTime(now),
      Destination: consumerUrl,
    },
    [
      element('saml:Issuer', { 'xmlns:saml': samlAssertion }, ownEntityId(km.options)),
      statusXml(refusal),
      ...assertion,
    ],
  );
  return signEnveloped(response.text, { ...signer, behind: 'Issuer' });
}

/** No longer than the log-in itself. */
const validityOf = ({ provider }: SignOn, { logIn }: ToldUser, now: number): number =>
  Math.max(1, Math.min(provider.assertionValidity, Math.floor((logIn.endsAt - now) / 1000)));

function statusXml(refusal: Refusal | null): Xml {
  if (!refusal) return protocol('Status', {}, code(samlStatus.success));
  return protocol('Status', {}, [
    code(refusal.status, code(refusal.because)),
    protocol('StatusMessage', {}, refusal.message),
  ]);
}

const code = (value: string, inner: Xml | readonly Xml[] = []): Xml => protocol('StatusCode', { Value: value }, inner);

const protocol = (
  name: string,
  attributes: Readonly<Record<string, string | undefined>>,
  content: string | Xml | readonly Xml[],
): Xml => element(`samlp:${name}`, attributes, content);
