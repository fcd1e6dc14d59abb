/** A message of SAML in the address to which a browser is sent (SAML bindings section 3.4.4.1). */
import { type KeyObject, sign } from 'node:crypto';
import { promisify } from 'node:util';
import { deflateRaw } from 'node:zlib';

export interface Redirect {
  /** Where the message goes; its query stays. */
  readonly to: string;
  readonly xml: string;
  /** At most 80 bytes; comes back with the answer. */
  readonly relayState: string;
  /** RSA. Absent: it is not signed. */
  readonly key?: KeyObject | undefined;
}

const rsaSha256 = 'http://www.w3.org/2001/04/xmldsig-more#rsa-sha256';

const deflate = promisify(deflateRaw);

export async function redirectAddress({ to, xml, relayState, key }: Redirect): Promise<string> {
  const message = (await deflate(xml)).toString('base64');
  // What is signed is this text, in this order.
  const query = pairs({ SAMLRequest: message, RelayState: relayState, ...(key && { SigAlg: rsaSha256 }) });
  const signature = key && pairs({ Signature: sign('sha256', Buffer.from(query), key).toString('base64') });
  return `${to}${to.includes('?') ? '&' : '?'}${[query, signature].filter(Boolean).join('&')}`;
}

const pairs = (parameters: Readonly<Record<string, string>>): string =>
  Object.entries(parameters)
    .map(([name, value]) => `${name}=${encodeURIComponent(value)}`)
    .join('&');
