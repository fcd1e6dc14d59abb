/** The store that the settings name, opened with the key that seals what is secret in it. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { stores } from '../../adapters/stores/index.ts';
import type { Store } from '../../adapters/stores/store.ts';
import { systemClock } from '../../platform/clock.ts';
import type { EventLog } from '../../platform/log.ts';
import { openSeal, type Seal } from '../../platform/seal.ts';
import { type Settings, storeFile } from '../settings.ts';

/** Where the store keeps what only its key opens. */
export const sealCheck = 'seal-check';

/**
 * Nothing else may have been opened of the data folder's store.
 * @throws StoreError, SealError when the key is not the one that the store was made with
 */
export async function openStore(settings: Settings, log: EventLog): Promise<{ store: Store; seal: Seal }> {
  const { data, options } = settings;
  mkdirSync(join(data, 'keys'), { recursive: true, mode: 0o700 });
  const seal = openSeal(join(data, 'keys', 'store.key'));
  const store =
    options.store.url === ''
      ? await (await stores.sqlite())(storeFile(settings))
      : await (await stores.postgresql())(options.store.url, systemClock, log);
  try {
    await checkSeal(store, seal);
    return { store, seal };
  } catch (error) {
    await store.close();
    throw error;
  }
}

/** Better now than when the first secret is needed: nodes that share a store share its key. */
async function checkSeal(store: Store, seal: Seal): Promise<void> {
  const value = await store.transaction(async ({ db }) => {
    const row = await db.selectFrom('meta').select('value').where('key', '=', sealCheck).executeTakeFirst();
    if (row) return row.value;
    const sealed = seal.seal('postern', sealCheck);
    await db.insertInto('meta').values({ key: sealCheck, value: sealed }).execute();
    return sealed;
  });
  seal.open(value, sealCheck);
}
