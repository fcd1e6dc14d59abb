/** The public keys of clients: what they sign by themselves is verified with them. */
import { createLocalJWKSet, errors, type JWK, type JWTVerifyGetKey } from 'jose';
import { placeOf } from '../adapters/key-managers/https-request.ts';
import type { ClientRow } from '../adapters/stores/clients.ts';
import type { KeyManager } from './call.ts';
import { metadataOf } from './client-metadata.ts';

/** Asymmetric only, so that nothing public can serve as a secret (RFC 8725 section 3.1). */
export const clientAlgorithms = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'].concat([
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
  'Ed25519',
]);

/** Where the key of a header is found: in the client's `jwks`, or at its `jwks_uri`. Null when it has neither. */
export function clientKeys(km: KeyManager, client: ClientRow): JWTVerifyGetKey | null {
  const { jwks, jwks_uri } = metadataOf(client);
  if (jwks) return createLocalJWKSet({ keys: jwks.keys as JWK[] });
  if (jwks_uri === undefined) return null;
  return async (header, token) => {
    const find = async (again: boolean) =>
      createLocalJWKSet({ keys: withoutEmptyNames(await km.keySets.get(jwks_uri, again)) })(header, token);
    try {
      return await find(false);
    } catch (error) {
      // It may have been published since.
      if (error instanceof errors.JWKSNoMatchingKey) return find(true);
      if (error instanceof errors.JOSEError) throw error;
      throw new KeysUnavailable(placeOf(jwks_uri), { cause: error });
    }
  };
}

/** The keys of a client can't be had at the moment. */
export class KeysUnavailable extends Error {
  override name = 'KeysUnavailable';
}

const withoutEmptyNames = (keys: readonly object[]): JWK[] =>
  keys.map((jwk) => Object.fromEntries(Object.entries(jwk).filter(([name, value]) => name !== 'kid' || value !== '')));
