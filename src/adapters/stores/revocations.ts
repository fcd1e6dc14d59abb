/**
 * The decision that tokens are dead, in SQL: their rows change state and gateways are told, in one transaction.
 *
 * A gateway needs an entry only for a token that it might still accept, so none is recorded for an expired one.
 */
import { type Revocation, revocationId } from '../../core/revocation.ts';
import type { AccessTokenRow } from './access-tokens.ts';
import type { Queryable, StoreTransaction } from './store.ts';

/** Revokes an access token. Revoking it again changes nothing. */
export async function revokeAccessToken(tx: StoreTransaction, row: AccessTokenRow, now: number): Promise<void> {
  const { numUpdatedRows } = await tx.db
    .updateTable('access_tokens')
    .set({ state: 'REVOKED' })
    .where('id', '=', row.id)
    .where('state', '!=', 'REVOKED')
    .executeTakeFirstOrThrow();
  if (numUpdatedRows === 1n && row.expires_at > now) record(tx, revocationOf(row));
}

/** Revokes every access token that was handed out with a refresh token of this family, be it to others as well. */
export async function revokeAccessTokensOf(tx: StoreTransaction, family: string, now: number): Promise<void> {
  const linked = tx.db.selectFrom('access_token_families').select('access_id').where('family', '=', family);
  const rows = await tx.db
    .selectFrom('access_tokens')
    .selectAll()
    .where('id', 'in', linked)
    .where('state', '!=', 'REVOKED')
    .execute();
  for (const row of rows) await revokeAccessToken(tx, row, now);
}

/** Revokes a family of refresh tokens with its access tokens. */
export async function revokeFamily(tx: StoreTransaction, family: string, now: number): Promise<void> {
  await tx.db.updateTable('refresh_tokens').set({ state: 'REVOKED' }).where('family', '=', family).execute();
  await revokeAccessTokensOf(tx, family, now);
}

/** Revokes everything that was issued for a user (`name@tenant`) up to the end of this second. */
export function revokeSubjectTokens(tx: StoreTransaction, issuer: string, subject: string, now: number): Promise<void> {
  return revokeAll(tx, { type: 'subject', issuer, value: subject }, 'subject', now);
}

/** Revokes everything that was issued to a client up to the end of this second. */
export function revokeClientTokens(tx: StoreTransaction, issuer: string, key: string, now: number): Promise<void> {
  return revokeAll(tx, { type: 'client', issuer, value: key }, 'consumer_key', now);
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
 * One entry for each issuer (the own one, and former names of it that live tokens bear). It replaces an earlier entry of
 * the same subject or client, so it lasts as long as the last of all their tokens, also of those already revoked.
 */
async function revokeAll(
  tx: StoreTransaction,
  what: Pick<Revocation, 'type' | 'issuer' | 'value'>,
  column: 'subject' | 'consumer_key',
  now: number,
): Promise<void> {
  const last = await tx.db
    .selectFrom('access_tokens')
    .select(['issuer', (e) => e.fn.max('expires_at').as('expires'), (e) => e.fn.max('issued_at').as('issued')])
    .where(column, '=', what.value)
    .where('expires_at', '>', now)
    .groupBy('issuer')
    .execute();
  await tx.db
    .updateTable('access_tokens')
    .set({ state: 'REVOKED' })
    .where(column, '=', what.value)
    .where('state', '!=', 'REVOKED')
    .execute();
  await tx.db.updateTable('refresh_tokens').set({ state: 'REVOKED' }).where(column, '=', what.value).execute();
  const expiries = new Map(last.map((row) => [row.issuer, Number(row.expires)]));
  // The clock of another node may be ahead of this one's: what it issued before this transaction is meant as well.
  const issuedBefore = Math.max(now, ...last.map((row) => Number(row.issued)));
  // Also without a live token: a request that is on its way must find out that it began too early.
  if (!expiries.has(what.issuer)) expiries.set(what.issuer, now + 60);
  for (const [issuer, expires] of expiries) record(tx, { ...what, issuer, issuedBefore, expires });
}

const revocationOf = (row: AccessTokenRow): Revocation =>
  row.form === 'JWT'
    ? { type: 'token', issuer: row.issuer, value: row.id, expires: row.expires_at }
    : { type: 'opaque', issuer: '', value: row.token_hash as string, expires: row.expires_at };

function record(tx: StoreTransaction, revocation: Revocation): void {
  tx.record({ kind: 'revocation', id: revocationId(revocation), value: revocation });
}
