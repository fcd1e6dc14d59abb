/** Tells gateways, and whoever reads the keys, which there are now. */
import { listSigningKeys, putKeysOfIssuers } from '../../adapters/stores/signing-keys.ts';
import type { StoreTransaction } from '../../adapters/stores/store.ts';
import type { PublicJwk } from '../../core/token.ts';

export async function publishKeys(tx: StoreTransaction): Promise<readonly PublicJwk[]> {
  const rows = await listSigningKeys(tx.db);
  const keys = rows.filter(({ state }) => state === 'ACTIVE').map((row) => JSON.parse(row.public_jwk) as PublicJwk);
  await putKeysOfIssuers(tx, keys);
  return keys;
}
