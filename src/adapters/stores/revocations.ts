/**
 * The decision that tokens are dead, in SQL: their rows change state and gateways are told, in one transaction.
 *
 * Gateways are told of every token that had not been revoked, also of one that has expired: by this clock, which may be ahead of theirs.
 */
import { sql } from 'kysely';
import { never, type Revocation, revocationId } from '../../core/revocation.ts';
import type { AccessTokenRow } from './access-tokens.ts';
import { deleteConsent, deleteConsentsOf } from './consents.ts';
import { familiesRestingOn, familiesRestingOnAll } from './exchanged-tokens.ts';
import { prepared } from './prepared.ts';
import { endSessionsOf } from './sessions.ts';
import type { Queryable, StoreTransaction } from './store.ts';

/** Seconds by which the clocks of two machines may differ. */
const clockDifference = 300;

/** How many tokens were good until now and are so no more. */
export interface RevokedCounts {
  readonly accessTokens: number;
  readonly refreshTokens: number;
}

/** Revokes an access token, and what it was exchanged for. Again, that changes nothing. True when it was good until now. */
export async function revokeAccessToken(tx: StoreTransaction, row: AccessTokenRow, now: number): Promise<boolean> {
  const { numAffectedRows } = await setRevoked(tx.db, { id: row.id });
  return numAffectedRows === 1n && announceRevoked(tx, row, now);
}

const setRevoked = prepared((db, place) =>
  db
    .updateTable('access_tokens')
    .set({ state: sql.lit('REVOKED') })
    .where('id', '=', place<string>('id'))
    .where('state', '!=', sql.lit('REVOKED')),
);

/**
 * Revokes every access token that was handed out with a refresh token of this family, be it to others as well.
 * @returns how many were good until now
 */
export async function revokeAccessTokensOf(tx: StoreTransaction, family: string, now: number): Promise<number> {
  const { rows } = await setRevokedOf(tx.db, { family });
  let revoked = 0;
  for (const row of rows) if (await announceRevoked(tx, row, now)) revoked++;
  return revoked;
}

const setRevokedOf = prepared((db, place) =>
  db
    .updateTable('access_tokens')
    .set({ state: sql.lit('REVOKED') })
    .where('id', 'in', (e) =>
      e.selectFrom('access_token_families').select('access_id').where('family', '=', place<string>('family')),
    )
    .where('state', '!=', sql.lit('REVOKED'))
    .returning(['id', 'issuer', 'form', 'token_hash', 'expires_at']),
);

/** Revokes a family of refresh tokens with its access tokens. */
export async function revokeFamily(tx: StoreTransaction, family: string, now: number): Promise<RevokedCounts> {
  const all = tx.db.updateTable('refresh_tokens').set({ state: 'REVOKED' }).where('family', '=', family);
  const good = await all.where('state', '=', 'ACTIVE').where('expires_at', '>', now).executeTakeFirstOrThrow();
  await all.execute();
  return {
    accessTokens: await revokeAccessTokensOf(tx, family, now),
    refreshTokens: Number(good.numUpdatedRows),
  };
}

/**
 * Revokes everything that was issued for a user (`name@tenant`) up to the end of this second, logs him out everywhere, and
 * forgets what he agreed to; or up to that of `issuedBefore` (seconds, not in the future), and what came later stays.
 */
export async function revokeSubjectTokens(
  tx: StoreTransaction,
  issuer: string,
  subject: string,
  now: number,
  issuedBefore?: number,
): Promise<RevokedCounts> {
  // Else a browser that was logged in would get new ones.
  await endSessionsOf(tx, subject, issuedBefore ?? Number.MAX_SAFE_INTEGER);
  // Else who had his password, or whoever has his name next, would go on without being asked.
  await deleteConsentsOf(tx, subject, issuedBefore ?? Number.MAX_SAFE_INTEGER);
  return revokeAll(tx, { type: 'subject', issuer, value: subject }, 'subject', { now, issuedBefore });
}

/** Revokes what a client was given for a user by his log-ins: codes, devices that he let in, tokens, and that he agreed. */
export async function revokeAccessOf(
  tx: StoreTransaction,
  { subject, consumerKey }: { readonly subject: string; readonly consumerKey: string },
  now: number,
): Promise<RevokedCounts> {
  const codes = tx.db.updateTable('authorization_codes').set({ state: 'DEAD' }).where('state', '=', 'ACTIVE');
  await codes.where('subject', '=', subject).where('consumer_key', '=', consumerKey).execute();
  const devices = tx.db.updateTable('device_codes').set({ state: 'DENIED' }).where('state', '=', 'APPROVED');
  await devices.where('subject', '=', subject).where('consumer_key', '=', consumerKey).execute();
  const all = tx.db
    .updateTable('refresh_tokens')
    .set({ state: 'REVOKED' })
    .where('subject', '=', subject)
    .where('consumer_key', '=', consumerKey);
  const good = await all.where('state', '=', 'ACTIVE').where('expires_at', '>', now).executeTakeFirstOrThrow();
  await all.execute();
  const rows = await tx.db
    .selectFrom('access_tokens')
    .selectAll()
    .where('subject', '=', subject)
    .where('consumer_key', '=', consumerKey)
    .where('user_type', '=', 'APPLICATION_USER')
    .where('state', '!=', 'REVOKED')
    .execute();
  let accessTokens = 0;
  for (const row of rows) if (await revokeAccessToken(tx, row, now)) accessTokens++;
  await deleteConsent(tx, subject, consumerKey);
  return { accessTokens, refreshTokens: Number(good.numUpdatedRows) };
}

/** Revokes everything that was issued to a client; the rest as `revokeSubjectTokens`. */
export function revokeClientTokens(
  tx: StoreTransaction,
  issuer: string,
  key: string,
  now: number,
  issuedBefore?: number,
): Promise<RevokedCounts> {
  return revokeAll(tx, { type: 'client', issuer, value: key }, 'consumer_key', { now, issuedBefore });
}

/** Revokes tokens of an issuer that is not ours: nothing of them is here, so gateways are told, and that is all. */
export function revokeForeign(tx: StoreTransaction, revocation: Revocation): Promise<void> {
  return recordStricter(tx, revocation);
}

/** The newest second up to which tokens of these are revoked: nothing may be issued to them with that `iat`. */
export async function revokedUpTo(
  db: Queryable,
  issuer: string,
  of: { subject: string; client: string },
): Promise<number> {
  const ids = [
    revocationId({ type: 'subject', issuer, value: of.subject }),
    revocationId({ type: 'client', issuer, value: of.client }),
  ];
  const rows = await db
    .selectFrom('entities')
    .select('body')
    .where('kind', '=', 'revocation')
    .where('id', 'in', ids)
    .execute();
  return Math.max(-1, ...rows.map((row) => (JSON.parse(row.body) as Revocation).issuedBefore ?? -1));
}

/**
 * Whether everything of these was revoked under a later number than this, for whatever issuer, and not only what was
 * issued long before `issuedAt`. To be asked in the transaction that issues.
 */
export async function revokedSince(
  db: Queryable,
  number: number,
  { subject, client }: { subject: string; client: string },
  issuedAt: number,
): Promise<boolean> {
  const rows = await db
    .selectFrom('changes')
    .select('body')
    .where('number', '>', number)
    .where('kind', '=', 'revocation')
    .where((e) => e.or([e('id', 'like', 'subject|%'), e('id', 'like', 'client|%')]))
    .execute();
  return rows.some(({ body }) => {
    const { type, value, issuedBefore = never } = JSON.parse(body ?? '{}') as Revocation;
    return value === (type === 'subject' ? subject : client) && issuedBefore >= issuedAt - clockDifference;
  });
}

export interface RevocationFilter {
  /** Seconds since the epoch: what expired by then is in force no more. */
  readonly now: number;
  /** Those of a subject or client, by any of these names. Absent = all. */
  readonly of?: { readonly type: 'subject' | 'client'; readonly values: readonly string[] };
  /** The issuers that `of` may be of; former names of ours are found by what they issued. */
  readonly issuers: readonly string[];
  /** A far one takes long. */
  readonly offset: number;
  readonly limit: number;
}

/** Revocations in force, with the number under which gateways know them and the number of all that fit. By kind and name. */
export async function listRevocations(
  db: Queryable,
  { now, of, issuers, offset, limit }: RevocationFilter,
): Promise<{ rows: { number: number; revocation: Revocation }[]; total: number }> {
  let query = db
    .selectFrom('entities')
    .where('kind', '=', 'revocation')
    .where((e) => e.or([e('expires_at', 'is', null), e('expires_at', '>', now)]));
  // By whole ids, which an index has: there may be a million of others.
  if (of) query = query.where('id', 'in', await idsOf(db, of, issuers));
  const rows = await query.select(['number', 'body']).orderBy('id').offset(offset).limit(limit).execute();
  const count = query.select((e) => e.fn.countAll<number>().as('total'));
  return {
    rows: rows.map(({ number, body }) => ({ number, revocation: JSON.parse(body) as Revocation })),
    total: of ? Number((await count.executeTakeFirstOrThrow()).total) : await countInForce(db, now),
  };
}

/** All less what has expired: each is counted in an index, without a look at the rows. */
async function countInForce(db: Queryable, now: number): Promise<number> {
  const all = db.selectFrom('entities').select((e) => e.fn.countAll<number>().as('number'));
  const revocations = await all.where('kind', '=', 'revocation').executeTakeFirstOrThrow();
  // Nothing but revocations expires.
  const expired = await all.where('expires_at', '<=', now).executeTakeFirstOrThrow();
  return Number(revocations.number) - Number(expired.number);
}

async function idsOf(
  db: Queryable,
  { type, values }: NonNullable<RevocationFilter['of']>,
  issuers: readonly string[],
): Promise<string[]> {
  const former = await db
    .selectFrom('access_tokens')
    .select('issuer')
    .distinct()
    .where(type === 'subject' ? 'subject' : 'consumer_key', 'in', values)
    .execute();
  const all = new Set([...issuers, ...former.map(({ issuer }) => issuer)]);
  return [...all].flatMap((issuer) => values.map((value) => revocationId({ type, issuer, value })));
}

/**
 * One entry for each issuer (the own one, and former names of it that live tokens bear). It lasts as long as the last of
 * all their tokens, also of those already revoked.
 */
async function revokeAll(
  tx: StoreTransaction,
  what: Pick<Revocation, 'type' | 'issuer' | 'value'>,
  column: 'subject' | 'consumer_key',
  { now, issuedBefore: asked }: { readonly now: number; readonly issuedBefore: number | undefined },
): Promise<RevokedCounts> {
  const meant = asked ?? Number.MAX_SAFE_INTEGER;
  // Those of others, which no entry of this subject or client is about.
  const resting = await familiesRestingOnAll(tx.db, { column, value: what.value, issuedBy: meant });
  for (const family of resting) await revokeFamily(tx, family, now);
  const last = await tx.db
    .selectFrom('access_tokens')
    .select(['issuer', (e) => e.fn.max('expires_at').as('expires'), (e) => e.fn.max('issued_at').as('issued')])
    .where(column, '=', what.value)
    .where('issued_at', '<=', meant)
    .groupBy('issuer')
    .execute();
  const counts = {
    accessTokens: await revokeRows(tx, 'access_tokens', column, what.value, { now, meant }),
    refreshTokens: await revokeRows(tx, 'refresh_tokens', column, what.value, { now, meant }),
  };
  const expiries = new Map(last.map((row) => [row.issuer, Number(row.expires)]));
  // The clock of another node may be ahead of this one's: what it issued before this transaction is meant as well.
  const issuedBefore = asked ?? Math.max(now, ...last.map((row) => Number(row.issued)));
  // Also without a live token: a request that is on its way must find out that it began too early.
  expiries.set(what.issuer, Math.max(expiries.get(what.issuer) ?? 0, now + 60));
  for (const [issuer, expires] of expiries) await recordStricter(tx, { ...what, issuer, issuedBefore, expires });
  return counts;
}

/** @returns how many were good until now */
async function revokeRows(
  tx: StoreTransaction,
  table: 'access_tokens' | 'refresh_tokens',
  column: 'subject' | 'consumer_key',
  value: string,
  { now, meant }: { readonly now: number; readonly meant: number },
): Promise<number> {
  const all = tx.db
    .updateTable(table)
    .set({ state: 'REVOKED' })
    .where(column, '=', value)
    .where('issued_at', '<=', meant)
    .where('state', '!=', 'REVOKED');
  const good = await all.where('state', '!=', 'USED').where('expires_at', '>', now).executeTakeFirstOrThrow();
  await all.execute();
  return Number(good.numUpdatedRows);
}

/** Tells gateways of a token whose row says now that it is revoked, and revokes what it was exchanged for. True when it was good. */
async function announceRevoked(tx: StoreTransaction, row: RevokedRow, now: number): Promise<boolean> {
  record(tx, revocationOf(row));
  for (const family of await familiesRestingOn(tx.db, row.id)) await revokeFamily(tx, family, now);
  return row.expires_at > now;
}

type RevokedRow = Pick<AccessTokenRow, 'id' | 'issuer' | 'form' | 'token_hash' | 'expires_at'>;

const revocationOf = (row: RevokedRow): Revocation =>
  row.form === 'JWT'
    ? { type: 'token', issuer: row.issuer, value: row.id, expires: row.expires_at }
    : { type: 'opaque', issuer: '', value: row.token_hash as string, expires: row.expires_at };

/** Replaces an earlier entry of the same thing, and takes back nothing of what that one said. */
export async function recordStricter(tx: StoreTransaction, revocation: Revocation): Promise<void> {
  const row = await tx.db
    .selectFrom('entities')
    .select('body')
    .where('kind', '=', 'revocation')
    .where('id', '=', revocationId(revocation))
    .executeTakeFirst();
  if (!row) return record(tx, revocation);
  const earlier = JSON.parse(row.body) as Revocation;
  const { issuedBefore, ...what } = revocation;
  const expires = Math.max(revocation.expires, earlier.expires);
  // Without it every token is meant, whenever it was issued.
  const bounded = issuedBefore !== undefined && earlier.issuedBefore !== undefined;
  record(tx, {
    ...what,
    expires,
    ...(bounded && { issuedBefore: Math.max(issuedBefore, earlier.issuedBefore) }),
  });
}

function record(tx: StoreTransaction, revocation: Revocation): void {
  tx.record({ kind: 'revocation', id: revocationId(revocation), value: revocation });
}
