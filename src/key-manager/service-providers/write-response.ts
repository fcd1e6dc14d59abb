/** What a service provider is answered (SAML core section 3.3.3): an assertion, or why there is none. Both are signed. */
import { newSamlId, type Signer, samlTime, writeAssertion } from '../../adapters/saml/write-assertion.ts';
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
  const answer =
    'status' in what
      ? [refusalXml(what)]
      : [protocol('Status', {}, code(samlStatus.success)), await assertionXml(km, signOn, what, signer, now)];
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
    [element('saml:Issuer', { 'xmlns:saml': samlAssertion }, ownEntityId(km.options)), ...answer],
  );
  return signEnveloped(response.text, { ...signer, behind: 'Issuer' });
}

async function assertionXml(km: KeyManager, signOn: SignOn, told: ToldUser, signer: Signer, now: number): Promise<Xml> {
  const { provider, requestId } = signOn;
  const content = {
    ...told,
    issuer: ownEntityId(km.options),
    nameFormat: signOn.nameFormat,
    recipient: signOn.consumerUrl,
    recipientValidity: haste,
    ...(requestId !== null && { inResponseTo: requestId }),
    otherRecipients: provider.recipients,
    // Its own name first: by it the registration is found again, when the assertion is exchanged here.
    audiences: [provider.entityId, ...provider.audiences],
    now,
    validity: validityOf(signOn, told, now),
    skew: km.options.assertionSkew,
  };
  return new Xml(await writeAssertion(content, signer));
}

/** No longer than the log-in itself. */
const validityOf = ({ provider }: SignOn, { logIn }: ToldUser, now: number): number =>
  Math.max(1, Math.min(provider.assertionValidity, Math.floor((logIn.endsAt - now) / 1000)));

function refusalXml({ status, because, message }: Refusal): Xml {
  return protocol('Status', {}, [code(status, code(because)), protocol('StatusMessage', {}, message)]);
}

const code = (value: string, inner: Xml | readonly Xml[] = []): Xml => protocol('StatusCode', { Value: value }, inner);

const protocol = (
  name: string,
  attributes: Readonly<Record<string, string | undefined>>,
  content: string | Xml | readonly Xml[],
): Xml => element(`samlp:${name}`, attributes, content);
