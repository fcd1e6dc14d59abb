/** Refresh tokens in SQL. A family is what came from one grant by rotation. */
import { prepared, preparedInsert } from './prepared.ts';
import { removeExpiredFrom } from './remove-expired.ts';
import type { Schema } from './schema.ts';
import type { Queryable, StoreTransaction } from './store.ts';

export type RefreshTokenRow = Schema['refresh_tokens'];

export async function findRefreshByHash(db: Queryable, hash: string): Promise<RefreshTokenRow | null> {
  return (await selectByHash(db, { hash })).rows[0] ?? null;
}

const selectByHash = prepared((db, place) =>
  db.selectFrom('refresh_tokens').selectAll().where('token_hash', '=', place<string>('hash')),
);

export async function findRefresh(db: Queryable, id: string): Promise<RefreshTokenRow | null> {
  return (await selectById(db, { id })).rows[0] ?? null;
}

const selectById = prepared((db, place) =>
  db.selectFrom('refresh_tokens').selectAll().where('id', '=', place<string>('id')),
);

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

/**
 * The families of tokens that clients were given for log-ins with an identity provider and that can be refreshed, however long ago the
 * session was. Looks at every row, for a decision that is rare.
 */
export async function familiesThroughProvider(db: Queryable, providerId: string, now: number): Promise<string[]> {
  const rows = await db
    .selectFrom('refresh_tokens')
    .select('family')
    .distinct()
    .where('state', '=', 'ACTIVE')
    .where('expires_at', '>', now)
    // As `writeLogIn` writes it. What others may say in a log-in stands between quotes of its own.
    .where('log_in', 'like', `%"provider":"${providerId}"%`)
    .orderBy('family')
    .execute();
  return rows.map((row) => row.family);
}

export async function insertRefreshToken(tx: StoreTransaction, row: RefreshTokenRow): Promise<void> {
  await insertRow(tx.db, { ...row });
}

const insertRow = preparedInsert('refresh_tokens', {
  id: true,
  family: true,
  tenant: true,
  consumer_key: true,
  subject: true,
  scope: true,
  token_hash: true,
  nonce: true,
  issued_at: true,
  expires_at: true,
  state: true,
  used_at_ms: true,
  successor_id: true,
  confirmation: true,
  log_in: true,
  not_after: true,
  grant_type: true,
});

/** Marks an active token as used. False when it was not active: somebody else was faster, or it is dead. */
export async function useRefreshToken(
  tx: StoreTransaction,
  id: string,
  use: { successorId: string; usedAtMs: number },
): Promise<boolean> {
  return (await setUsed(tx.db, { id, ...use })).numAffectedRows === 1n;
}

const setUsed = prepared((db, place) =>
  db
    .updateTable('refresh_tokens')
    .set({ state: 'USED', successor_id: place<string>('successorId'), used_at_ms: place<number>('usedAtMs') })
    .where('id', '=', place<string>('id'))
    .where('state', '=', 'ACTIVE'),
);

export const removeExpiredRefreshTokens = removeExpiredFrom('refresh_tokens', ['id']);
