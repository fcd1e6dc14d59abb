/** API keys in SQL: one row for every key that was made, so that each can be revoked. */
import { revocationId } from '../../core/revocation.ts';
import { removeExpiredFrom } from './remove-expired.ts';
import type { Schema } from './schema.ts';
import type { Queryable, StoreTransaction } from './store.ts';

export type ApiKeyRow = Schema['api_keys'];

export async function insertApiKey(tx: StoreTransaction, row: ApiKeyRow): Promise<void> {
  await tx.db.insertInto('api_keys').values(row).execute();
}

export async function findApiKey(db: Queryable, jti: string): Promise<ApiKeyRow | null> {
  return (await db.selectFrom('api_keys').selectAll().where('jti', '=', jti).executeTakeFirst()) ?? null;
}

/** Revokes an API key and tells the gateways. Revoking it again changes nothing. */
export async function revokeApiKey(tx: StoreTransaction, row: ApiKeyRow): Promise<void> {
  const { numUpdatedRows } = await tx.db
    .updateTable('api_keys')
    .set({ state: 'REVOKED' })
    .where('jti', '=', row.jti)
    .where('state', '=', 'ACTIVE')
    .executeTakeFirstOrThrow();
  if (numUpdatedRows !== 1n) return;
  const value = { type: 'token', issuer: row.issuer, value: row.jti, expires: row.expires_at } as const;
  tx.record({ kind: 'revocation', id: revocationId(value), value });
}

/**
 * Revokes every API key that a user (`name@tenant`) made, or those made up to the second `issuedBefore`.
 * @returns how many were good until now
 */
export async function revokeApiKeysBy(
  tx: StoreTransaction,
  createdBy: string,
  now: number,
  issuedBefore?: number,
): Promise<number> {
  let query = tx.db
    .selectFrom('api_keys')
    .selectAll()
    .where('created_by', '=', createdBy)
    .where('state', '=', 'ACTIVE');
  if (issuedBefore !== undefined) query = query.where('created_at', '<=', issuedBefore);
  const rows = await query.execute();
  for (const row of rows) await revokeApiKey(tx, row);
  return rows.filter((row) => row.expires_at > now).length;
}

/** Revokes every API key of an application, or those of one key type. */
export async function revokeApiKeysOf(
  tx: StoreTransaction,
  of: { applicationId: string; keyType?: ApiKeyRow['key_type'] },
): Promise<void> {
  let query = tx.db
    .selectFrom('api_keys')
    .selectAll()
    .where('application_id', '=', of.applicationId)
    .where('state', '=', 'ACTIVE');
  if (of.keyType !== undefined) query = query.where('key_type', '=', of.keyType);
  for (const row of await query.execute()) await revokeApiKey(tx, row);
}

export const removeExpiredApiKeys = removeExpiredFrom('api_keys', ['jti']);
