/** Assertions that were exchanged for tokens, in SQL: each is good once (RFC 7522 section 3, 11). */
import { createHash } from 'node:crypto';
import { removeExpiredFrom } from './remove-expired.ts';
import type { Queryable, StoreTransaction } from './store.ts';

/**
 * False when it was used already.
 * @param assertion `issuer`, or of our own `assertionsFor` a service provider; `family` of what it is exchanged for; `expiresAt`: from when on neither it nor that is any good
 */
export async function takeAssertion(
  tx: StoreTransaction,
  assertion: { issuer: string; id: string; family: string; expiresAt: number },
): Promise<boolean> {
  const { issuer, id, family, expiresAt } = assertion;
  const hash = createHash('sha256').update(id).digest('base64url');
  const { numInsertedOrUpdatedRows } = await tx.db
    .insertInto('used_assertions')
    .values({ issuer, id_hash: hash, family, expires_at: expiresAt })
    .onConflict((c) => c.doNothing())
    .executeTakeFirstOrThrow();
  return Boolean(numInsertedOrUpdatedRows);
}

/** The families of what the assertions of an issuer, or ours for a service provider, were exchanged for, as far as that can be alive. */
export async function familiesFromIssuer(db: Queryable, issuer: string, now: number): Promise<string[]> {
  const rows = await db
    .selectFrom('used_assertions')
    .select('family')
    .where('issuer', '=', issuer)
    .where('expires_at', '>', now)
    .orderBy('family')
    .execute();
  return rows.map((row) => row.family);
}

export const removeExpiredAssertions = removeExpiredFrom('used_assertions', ['issuer', 'id_hash']);
