/** The public keys of clients: what they sign by themselves is verified with them. */
import { createLocalJWKSet, errors, type JWK, type JWTVerifyGetKey } from 'jose';
import { placeOf } from '../../adapters/key-managers/https-request.ts';
import type { ClientRow } from '../../adapters/stores/clients.ts';
import type { KeyManager } from '../call.ts';
import { metadataOf } from './client-metadata.ts';

/**
 * The client's keys: its `jwks`, or what its `jwks_uri` has. Null when it has neither.
 * @param suffices asked of keys that are known; without one that it takes, the `jwks_uri` is asked once more
 * @throws KeysUnavailable
 */
export async function keySetOf(
  km: KeyManager,
  client: ClientRow,
  suffices: (keys: readonly JWK[]) => Promise<boolean>,
): Promise<readonly JWK[] | null> {
  const { jwks, jwks_uri } = metadataOf(client);
  if (jwks) return jwks.keys as JWK[];
  if (jwks_uri === undefined) return null;
  try {
    const known = withoutEmptyNames(await km.keySets.get(jwks_uri));
    // It may have been published since.
    return (await suffices(known)) ? known : withoutEmptyNames(await km.keySets.get(jwks_uri, true));
  } catch (error) {
    throw new KeysUnavailable(placeOf(jwks_uri), { cause: error });
  }
}

/** Where the key of a header is found. */
export const clientKeys =
  (km: KeyManager, client: ClientRow): JWTVerifyGetKey =>
  async (header, token) => {
    const find = (keys: readonly JWK[]) => createLocalJWKSet({ keys: [...keys] })(header, token);
    const isKnown = (keys: readonly JWK[]): Promise<boolean> =>
      find(keys).then(
        () => true,
        (error) => !(error instanceof errors.JWKSNoMatchingKey),
      );
    const keys = await keySetOf(km, client, isKnown);
    return find(keys ?? []);
  };

/** The keys of a client can't be had at the moment. */
export class KeysUnavailable extends Error {
  override name = 'KeysUnavailable';
}

const withoutEmptyNames = (keys: readonly object[]): JWK[] =>
  keys.map((jwk) => Object.fromEntries(Object.entries(jwk).filter(([name, value]) => name !== 'kid' || value !== '')));
