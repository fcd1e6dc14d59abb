/** Consumer keys that other key managers issued, and whose they are here. Gateways know them by issuer and key. */
import type { KeyMapping } from '../../core/application.ts';
import type { Schema } from './schema.ts';
import type { Queryable, StoreTransaction } from './store.ts';

export type MappedKeyRow = Schema['mapped_keys'];

const entityId = ({ issuer, consumer_key }: MappedKeyRow): string => `${issuer}|${consumer_key}`;

/** The mapped keys of an application, oldest first. */
export function mappedKeysOf(db: Queryable, applicationId: string): Promise<MappedKeyRow[]> {
  return db
    .selectFrom('mapped_keys')
    .selectAll()
    .where('application_id', '=', applicationId)
    .orderBy('created_at')
    .orderBy('id')
    .execute();
}

/** @throws the engine's unique violation when the key is mapped, or the application has one of that type and key manager. */
export async function insertMappedKey(tx: StoreTransaction, row: MappedKeyRow): Promise<void> {
  await tx.db.insertInto('mapped_keys').values(row).execute();
  const value: KeyMapping = {
    consumerKey: row.consumer_key,
    applicationId: row.application_id,
    keyType: row.key_type,
    issuer: row.issuer,
  };
  tx.record({ kind: 'key', id: entityId(row), value });
}

export async function deleteMappedKey(tx: StoreTransaction, row: MappedKeyRow): Promise<void> {
  await tx.db.deleteFrom('mapped_keys').where('id', '=', row.id).execute();
  tx.record({ kind: 'key', id: entityId(row), value: null });
}

/** The keys that a key manager issued. */
export function mappedKeysFrom(db: Queryable, keyManager: string): Promise<MappedKeyRow[]> {
  return db.selectFrom('mapped_keys').selectAll().where('key_manager', '=', keyManager).execute();
}

/** Deletes the keys that a key manager issued: it is trusted no more. */
export async function deleteMappedKeysFrom(tx: StoreTransaction, keyManager: string): Promise<void> {
  for (const row of await mappedKeysFrom(tx.db, keyManager)) await deleteMappedKey(tx, row);
}
