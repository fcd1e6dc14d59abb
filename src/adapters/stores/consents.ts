/** What users have agreed to give clients. */
import { startsWith } from './starts-with.ts';
import type { Queryable, StoreTransaction } from './store.ts';

/** The names of the scopes; empty = nothing yet. */
export async function consentOf(
  db: Queryable,
  subject: string,
  consumerKey: string,
): Promise<readonly string[] | null> {
  const row = await db
    .selectFrom('consents')
    .select('scope')
    .where('subject', '=', subject)
    .where('consumer_key', '=', consumerKey)
    .executeTakeFirst();
  return row ? row.scope.split(' ').filter((name) => name !== '') : null;
}

/** Replaces what was agreed before. */
export async function putConsent(
  tx: StoreTransaction,
  consent: { subject: string; consumer_key: string; scope: string; granted_at: number },
): Promise<void> {
  const { scope, granted_at } = consent;
  await tx.db
    .insertInto('consents')
    .values(consent)
    .onConflict((c) => c.columns(['subject', 'consumer_key']).doUpdateSet({ scope, granted_at }))
    .execute();
}

/** False when there was none. */
export async function deleteConsent(tx: StoreTransaction, subject: string, consumerKey: string): Promise<boolean> {
  const { numDeletedRows } = await tx.db
    .deleteFrom('consents')
    .where('subject', '=', subject)
    .where('consumer_key', '=', consumerKey)
    .executeTakeFirstOrThrow();
  return numDeletedRows === 1n;
}

/** What a user has agreed to up to this second: for it he is asked once more. */
export async function deleteConsentsOf(tx: StoreTransaction, subject: string, grantedBy: number): Promise<void> {
  await tx.db.deleteFrom('consents').where('subject', '=', subject).where('granted_at', '<=', grantedBy).execute();
}

/** Those of all users whose names begin so. Looks at every row, for a decision that is rare. */
export async function deleteConsentsOfAll(tx: StoreTransaction, prefix: string): Promise<void> {
  await tx.db.deleteFrom('consents').where(startsWith('subject', prefix)).execute();
}
