/** Access tokens in SQL: one row for every token that was issued, JWT and opaque alike. */
import { sql } from 'kysely';
import { prepared, preparedInsert, preparedInserts } from './prepared.ts';
import { removeExpiredFrom } from './remove-expired.ts';
import type { Schema } from './schema.ts';
import type { Queryable, StoreTransaction } from './store.ts';

export type AccessTokenRow = Schema['access_tokens'];

/** What makes two requests for an opaque token requests for the same token. */
export type TokenIdentity = Pick<AccessTokenRow, 'consumer_key' | 'subject' | 'user_type' | 'scope' | 'confirmation'>;

/** The JWT with this `jti`. */
export async function findJwt(db: Queryable, jti: string): Promise<AccessTokenRow | null> {
  return (await selectJwt(db, { jti })).rows[0] ?? null;
}

const selectJwt = prepared((db, place) =>
  db.selectFrom('access_tokens').selectAll().where('id', '=', place<string>('jti')).where('form', '=', 'JWT'),
);

/** The opaque token with this hash. */
export async function findOpaque(db: Queryable, hash: string): Promise<AccessTokenRow | null> {
  return (await selectOpaque(db, { hash })).rows[0] ?? null;
}

const selectOpaque = prepared((db, place) =>
  db.selectFrom('access_tokens').selectAll().where('token_hash', '=', place<string>('hash')),
);

/** What it takes to hand an opaque token out again. */
export type HandedOut = Pick<AccessTokenRow, 'id' | 'nonce' | 'expires_at'>;

/** The opaque token that is handed out at present, even if it has expired. */
export async function findActiveOpaque(db: Queryable, identity: TokenIdentity): Promise<HandedOut | null> {
  return (await selectActiveOpaque(db, { ...identity })).rows[0] ?? null;
}

const selectActiveOpaque = prepared((db, place) =>
  db
    .selectFrom('access_tokens')
    .select(['id', 'nonce', 'expires_at'])
    .where('consumer_key', '=', place<string>('consumer_key'))
    .where('subject', '=', place<string>('subject'))
    .where('user_type', '=', place<AccessTokenRow['user_type']>('user_type'))
    .where('scope', '=', place<string>('scope'))
    .where('confirmation', '=', place<string>('confirmation'))
    // As the partial index has it: for a value that it is given, SQLite would plan the query anew each time.
    .where('form', '=', sql.lit('OPAQUE'))
    .where('state', '=', sql.lit('ACTIVE')),
);

/** False when another opaque token of the same identity is active (`findActiveOpaque`). */
export async function insertAccessToken(tx: StoreTransaction, row: AccessTokenRow): Promise<boolean> {
  const { numAffectedRows } = await insertRow(tx.db, { ...row });
  return Boolean(numAffectedRows);
}

/** As `insertAccessToken`, of several. @returns those that are surely written; perhaps others are, too */
export async function insertAccessTokens(
  tx: StoreTransaction,
  rows: readonly AccessTokenRow[],
): Promise<ReadonlySet<AccessTokenRow>> {
  const written = new Set<AccessTokenRow>();
  for (const some of inPowersOfTwo(rows)) {
    const { numAffectedRows } = await insertRows(tx.db, some);
    if (numAffectedRows === BigInt(some.length)) for (const row of some) written.add(row);
  }
  return written;
}

/** So that there are few statements to put together and to keep, however many come at once. */
function* inPowersOfTwo<T>(all: readonly T[]): Generator<readonly T[]> {
  for (let at = 0; at < all.length; ) {
    const size = 2 ** Math.min(6, Math.floor(Math.log2(all.length - at)));
    yield all.slice(at, at + size);
    at += size;
  }
}

const columns = {
  id: true,
  tenant: true,
  issuer: true,
  consumer_key: true,
  subject: true,
  user_type: true,
  grant_type: true,
  scope: true,
  form: true,
  token_hash: true,
  nonce: true,
  issued_at: true,
  expires_at: true,
  state: true,
  act: true,
  claims: true,
  confirmation: true,
} as const;

const insertRow = preparedInsert('access_tokens', columns, (query) => query.onConflict((c) => c.doNothing()));
const insertRows = preparedInserts('access_tokens', columns, (query) => query.onConflict((c) => c.doNothing()));

/** The token is handed out no more; it is accepted until it expires. */
export async function replaceAccessToken(tx: StoreTransaction, id: string): Promise<void> {
  await setReplaced(tx.db, { id });
}

const setReplaced = prepared((db, place) =>
  db
    .updateTable('access_tokens')
    .set({ state: sql.lit('REPLACED') })
    .where('id', '=', place<string>('id')),
);

/** The access token is handed out with a refresh token of this family: it dies with it, as with others before. */
export async function linkFamily(tx: StoreTransaction, id: string, family: string): Promise<void> {
  await insertFamily(tx.db, { id, family });
}

const insertFamily = prepared((db, place) =>
  db
    .insertInto('access_token_families')
    .values({ access_id: place<string>('id'), family: place<string>('family') })
    .onConflict((c) => c.doNothing()),
);

/** The families of refresh tokens with which the access token was handed out. */
export async function familiesOf(db: Queryable, id: string): Promise<string[]> {
  const rows = await db.selectFrom('access_token_families').select('family').where('access_id', '=', id).execute();
  return rows.map((row) => row.family);
}

export const removeExpiredAccessTokens = removeExpiredFrom('access_tokens', ['id']);
