/**
 * Client credentials in the Authorization header (RFC 6749 section 2.3.1).
 *
 * The standard has clients form-encode id and secret before they are joined; many don't. Our own keys and secrets read the
 * same either way; for others both readings are tried.
 */

import { verifySecret } from '../../adapters/key-managers/built-in.ts';
import { decode } from '../form.ts';
import { OAuthError } from '../oauth-error.ts';
import type { ClientAuthentication } from './client-authentication.ts';

export const basic: ClientAuthentication = {
  method: 'client_secret_basic',
  read({ request }) {
    const header = request.headers.authorization;
    if (header === undefined) return null;
    const pair = readBasic(header);
    // Something was tried, so it is an attempt that fails, not the absence of one.
    if (!pair) return { method: 'client_secret_basic', id: '', verify: () => false };
    const id = decoded(pair.name) ?? pair.name;
    const secret = decoded(pair.password);
    const secrets = secret === null || secret === pair.password ? [pair.password] : [secret, pair.password];
    return {
      method: 'client_secret_basic',
      id,
      verify: (client, { seal }) => secrets.some((one) => verifySecret(seal, client, one)),
    };
  },
};

/** Name and password of a Basic header (RFC 7617); null when it is of another scheme or malformed. */
export function readBasic(header: string): { name: string; password: string } | null {
  const match = /^Basic +([A-Za-z0-9+/]+={0,2}) *$/i.exec(header);
  if (!match) return null;
  const text = Buffer.from(match[1] as string, 'base64').toString('utf8');
  const colon = text.indexOf(':');
  if (colon < 0 || text.includes('\0')) return null;
  return { name: text.slice(0, colon), password: text.slice(colon + 1) };
}

function decoded(part: string): string | null {
  try {
    return decode(part);
  } catch (error) {
    if (error instanceof OAuthError) return null;
    throw error;
  }
}
