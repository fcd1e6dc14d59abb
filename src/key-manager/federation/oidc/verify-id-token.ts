/** The id token (OpenID Connect Core section 3.1.3.7): nothing of it is read by anybody before all of it is good. */
import { decodeJwt, decodeProtectedHeader, type JWK } from 'jose';
import type { IdentityProvider, OpenIdClient } from '../../../core/identity-provider.ts';
import { isSigned } from '../../assertions/is-signed.ts';
import { type KeyManager, seconds } from '../../call.ts';
import { halfHash } from '../../proofs/half-hash.ts';
import { jwsAlgorithms } from '../../proofs/jws-algorithms.ts';
import type { Away } from '../away.ts';
import type { UpstreamTokens } from './exchange-code.ts';
import type { OpenIdProvider } from './read-metadata.ts';
import { refuse, unavailable } from './refuse.ts';

export type IdTokenClaims = Readonly<Record<string, unknown>> & { readonly sub: string };

export async function verifyIdToken(
  km: KeyManager,
  provider: IdentityProvider,
  { issuer, jwksUri }: OpenIdProvider,
  { idToken, accessToken }: UpstreamTokens,
  away: Away,
): Promise<IdTokenClaims> {
  const { alg, kid, typ, claims } = read(idToken);
  // Asymmetric ones only: whoever has our secret must not be able to make one.
  if (!jwsAlgorithms.includes(alg)) return bad(`alg: expected one of ${jwsAlgorithms.join(', ')}`);
  // Log-out tokens and access tokens are signed too (RFC 8725 section 3.11).
  if (typ !== undefined && !/^jwt$/i.test(typ)) return bad('typ: expected JWT');
  const signedBy = async (keys: readonly JWK[]): Promise<boolean> =>
    isSigned(
      idToken,
      alg,
      keys.filter((jwk) => (!jwk.alg || jwk.alg === alg) && (!kid || !jwk.kid || jwk.kid === kid)),
    );
  const published = (again: boolean) => keysOf(km, provider, jwksUri, again);
  // One may have been published since.
  if (!(await signedBy(await published(false))) && !(await signedBy(await published(true)))) {
    return bad('no key of the provider has signed it');
  }
  const { iss, aud, azp, exp, iat, nonce, at_hash, sub } = claims;
  const now = seconds(km.clock);
  const { clientId } = provider.oidc as OpenIdClient;
  if (iss !== issuer) return bad('iss: expected the provider');
  // Others that it is for as well would be trusted not to use it here (rule 3).
  const audiences = Array.isArray(aud) ? aud : [aud];
  if (audiences.length !== 1 || audiences[0] !== clientId) return bad('aud: expected us, and nobody else');
  if (azp !== undefined && azp !== clientId) return bad('azp: expected us');
  if (typeof exp !== 'number' || exp <= now) return bad('exp: missing or over');
  if (typeof iat !== 'number' || iat > now + km.options.assertionSkew) return bad('iat: missing, or not yet');
  if (nonce !== away.nonce) return bad('nonce: expected that of the request');
  if (at_hash !== undefined && at_hash !== halfHash(alg, accessToken)) return bad('at_hash: of another access token');
  if (typeof sub !== 'string' || sub === '') return bad('sub: expected the name of a user');
  return { ...claims, sub };
}

function read(jwt: string): { alg: string; kid?: string; typ?: string; claims: Record<string, unknown> } {
  try {
    const { alg, kid, typ } = decodeProtectedHeader(jwt);
    return {
      alg: String(alg),
      ...(kid !== undefined && { kid: String(kid) }),
      ...(typ !== undefined && { typ: String(typ) }),
      claims: decodeJwt(jwt),
    };
  } catch {
    return bad('expected a JWT');
  }
}

const keysOf = (km: KeyManager, provider: IdentityProvider, jwksUri: string, again: boolean): Promise<readonly JWK[]> =>
  km.keySets.get(jwksUri, again).catch((error) => unavailable(km, provider, 'keys', error)) as Promise<readonly JWK[]>;

const bad = (why: string): never => refuse(`id token: ${why}`);
