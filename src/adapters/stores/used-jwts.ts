/** JWTs of other issuers that were good for a token: each once, at whatever node. */
import type { Schema } from './schema.ts';
import type { Queryable, StoreTransaction } from './store.ts';

/** False when it was used before. */
export async function useJwt(tx: StoreTransaction, row: Schema['used_jwts']): Promise<boolean> {
  const { numInsertedOrUpdatedRows } = await tx.db
    .insertInto('used_jwts')
    .values(row)
    .onConflict((c) => c.doNothing())
    .executeTakeFirstOrThrow();
  return Boolean(numInsertedOrUpdatedRows);
}

/** Removes at most `limit` rows that expired before `before`, and says how many. */
export async function removeExpiredJwts(db: Queryable, before: number, limit: number): Promise<number> {
  const expired = db.selectFrom('used_jwts').select(['issuer', 'id']).where('expires_at', '<', before).limit(limit);
  const rows = await expired.execute();
  for (const { issuer, id } of rows) {
    await db.deleteFrom('used_jwts').where('issuer', '=', issuer).where('id', '=', id).execute();
  }
  return rows.length;
}
