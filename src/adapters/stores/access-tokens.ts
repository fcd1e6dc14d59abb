/** Access tokens in SQL: one row for every token that was issued, JWT and opaque alike. */
import type { Schema } from './schema.ts';
import type { Queryable, StoreTransaction } from './store.ts';

export type AccessTokenRow = Schema['access_tokens'];

/** What makes two requests for an opaque token requests for the same token. */
export type TokenIdentity = Pick<AccessTokenRow, 'consumer_key' | 'subject' | 'user_type' | 'scope'>;

/** The JWT with this `jti`. */
export async function findJwt(db: Queryable, jti: string): Promise<AccessTokenRow | null> {
  const row = await db
    .selectFrom('access_tokens')
    .selectAll()
    .where('id', '=', jti)
    .where('form', '=', 'JWT')
    .executeTakeFirst();
  return row ?? null;
}

/** The opaque token with this hash. */
export async function findOpaque(db: Queryable, hash: string): Promise<AccessTokenRow | null> {
  return (await db.selectFrom('access_tokens').selectAll().where('token_hash', '=', hash).executeTakeFirst()) ?? null;
}

/** The opaque token that is handed out at present, even if it has expired. */
export async function findActiveOpaque(db: Queryable, identity: TokenIdentity): Promise<AccessTokenRow | null> {
  const row = await db
    .selectFrom('access_tokens')
    .selectAll()
    .where('consumer_key', '=', identity.consumer_key)
    .where('subject', '=', identity.subject)
    .where('user_type', '=', identity.user_type)
    .where('scope', '=', identity.scope)
    .where('form', '=', 'OPAQUE')
    .where('state', '=', 'ACTIVE')
    .executeTakeFirst();
  return row ?? null;
}

/** False when another opaque token of the same identity is active (`findActiveOpaque`). */
export async function insertAccessToken(tx: StoreTransaction, row: AccessTokenRow): Promise<boolean> {
  const { numInsertedOrUpdatedRows } = await tx.db
    .insertInto('access_tokens')
    .values(row)
    .onConflict((c) => c.doNothing())
    .executeTakeFirstOrThrow();
  return Boolean(numInsertedOrUpdatedRows);
}

/** The token is handed out no more; it is accepted until it expires. */
export async function replaceAccessToken(tx: StoreTransaction, id: string): Promise<void> {
  await tx.db.updateTable('access_tokens').set({ state: 'REPLACED' }).where('id', '=', id).execute();
}

/** The access token is handed out with a refresh token of this family: it dies with it, as with others before. */
export async function linkFamily(tx: StoreTransaction, id: string, family: string): Promise<void> {
  await tx.db
    .insertInto('access_token_families')
    .values({ access_id: id, family })
    .onConflict((c) => c.doNothing())
    .execute();
}

/** The families of refresh tokens with which the access token was handed out. */
export async function familiesOf(db: Queryable, id: string): Promise<string[]> {
  const rows = await db.selectFrom('access_token_families').select('family').where('access_id', '=', id).execute();
  return rows.map((row) => row.family);
}

/** Removes at most `limit` rows that expired before `before`, and says how many. */
export async function removeExpiredAccessTokens(db: Queryable, before: number, limit: number): Promise<number> {
  const expired = db.selectFrom('access_tokens').select('id').where('expires_at', '<', before).limit(limit);
  const { numDeletedRows } = await db.deleteFrom('access_tokens').where('id', 'in', expired).executeTakeFirstOrThrow();
  return Number(numDeletedRows);
}
