/** Fetches the keys that an issuer publishes (RFC 7517 section 5). */
import type { PublicJwk } from '../../core/token.ts';
import { placeOf, sendRequest } from './https-request.ts';
import { type Trust, trustedAgent } from './trust.ts';

/** @throws Error that names the address and what was expected */
export type FetchJwks = (url: string) => Promise<PublicJwk[]>;

/** Bytes of a key set at most, and keys in it. */
const maxAnswer = 262_144;
const maxKeys = 100;

/** Members of public keys (RFC 7518 6.2, 6.3; RFC 8037). Whatever else a set has is left where it is. */
const members = ['kty', 'kid', 'alg', 'n', 'e', 'crv', 'x', 'y'];
const asymmetric = ['RSA', 'EC', 'OKP'];

/** @param timeout milliseconds */
export function openJwks(trust: Trust, timeout: number): FetchJwks {
  const agent = trustedAgent(trust);
  return async (url) => {
    if (URL.parse(url)?.protocol !== 'https:') throw new Error(`${placeOf(url)}: expected an https address`);
    const { status, body } = await sendRequest({ url, agent: agent(), timeout, maxAnswer });
    if (status !== 200) throw new Error(`${placeOf(url)}: answered ${status} where 200 was expected`);
    return readKeys(body, placeOf(url));
  };
}

/**
 * The public part of the signing keys of a key set.
 * @throws Error that begins with `place`
 */
export function readKeys(body: string, place: string): PublicJwk[] {
  let keys: unknown;
  try {
    keys = (JSON.parse(body) as { keys?: unknown } | null)?.keys;
  } catch {
    // Said below.
  }
  if (!Array.isArray(keys)) throw new Error(`${place}: expected a key set, an object with the list keys`);
  return keys.slice(0, maxKeys).filter(isSigningKey).map(publicPart);
}

function isSigningKey(jwk: unknown): jwk is Record<string, unknown> {
  if (typeof jwk !== 'object' || jwk === null) return false;
  const { kty, use } = jwk as Record<string, unknown>;
  return asymmetric.includes(kty as string) && (use === undefined || use === 'sig');
}

/** A key without a name has the empty one: it is tried where a token names none. */
function publicPart(jwk: Record<string, unknown>): PublicJwk {
  const known = members.filter((name) => typeof jwk[name] === 'string').map((name) => [name, jwk[name]]);
  return { kid: '', ...Object.fromEntries(known) } as PublicJwk;
}
