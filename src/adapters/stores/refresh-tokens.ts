/** Refresh tokens in SQL. A family is what came from one grant by rotation. */
import { removeExpiredFrom } from './remove-expired.ts';
import type { Schema } from './schema.ts';
import type { Queryable, StoreTransaction } from './store.ts';

export type RefreshTokenRow = Schema['refresh_tokens'];

export async function findRefreshByHash(db: Queryable, hash: string): Promise<RefreshTokenRow | null> {
  return (await db.selectFrom('refresh_tokens').selectAll().where('token_hash', '=', hash).executeTakeFirst()) ?? null;
}

export async function findRefresh(db: Queryable, id: string): Promise<RefreshTokenRow | null> {
  return (await db.selectFrom('refresh_tokens').selectAll().where('id', '=', id).executeTakeFirst()) ?? null;
}

/** The active refresh token of this scope, still valid at `until`, of a family that the access token belongs to. */
export async function findRefreshOf(
  db: Queryable,
  accessId: string,
  of: { scope: string; until: number },
): Promise<RefreshTokenRow | null> {
  const families = db.selectFrom('access_token_families').select('family').where('access_id', '=', accessId);
  const row = await db
    .selectFrom('refresh_tokens')
    .selectAll()
    .where('family', 'in', families)
    .where('state', '=', 'ACTIVE')
    .where('scope', '=', of.scope)
    .where('expires_at', '>', of.until)
    // One that ends with an assertion is of that alone.
    .where('not_after', 'is', null)
    .orderBy('expires_at', 'desc')
    .orderBy('id')
    .executeTakeFirst();
  return row ?? null;
}

export async function insertRefreshToken(tx: StoreTransaction, row: RefreshTokenRow): Promise<void> {
  await tx.db.insertInto('refresh_tokens').values(row).execute();
}

/** Marks an active token as used. False when it was not active: somebody else was faster, or it is dead. */
export async function useRefreshToken(
  tx: StoreTransaction,
  id: string,
  use: { successorId: string; usedAtMs: number },
): Promise<boolean> {
  const { numUpdatedRows } = await tx.db
    .updateTable('refresh_tokens')
    .set({ state: 'USED', successor_id: use.successorId, used_at_ms: use.usedAtMs })
    .where('id', '=', id)
    .where('state', '=', 'ACTIVE')
    .executeTakeFirstOrThrow();
  return numUpdatedRows === 1n;
}

export const removeExpiredRefreshTokens = removeExpiredFrom('refresh_tokens', ['id']);
