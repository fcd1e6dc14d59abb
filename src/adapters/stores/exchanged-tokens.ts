/** Which tokens rest on an access token that was exchanged (RFC 8693): they die with it, and it does not die with them. */
import { prepared } from './prepared.ts';
import type { Queryable, StoreTransaction } from './store.ts';

/** From now on this family of tokens rests on the access token. */
export async function restOn(tx: StoreTransaction, accessId: string, family: string): Promise<void> {
  await tx.db.insertInto('exchanged_tokens').values({ access_id: accessId, family }).execute();
}

export async function familiesRestingOn(db: Queryable, accessId: string): Promise<string[]> {
  return (await selectResting(db, { accessId })).rows.map(({ family }) => family);
}

const selectResting = prepared((db, place) =>
  db.selectFrom('exchanged_tokens').select('family').where('access_id', '=', place<string>('accessId')),
);

/** Those that rest on tokens of a subject or client, issued up to this second. */
export async function familiesRestingOnAll(
  db: Queryable,
  of: { readonly column: 'subject' | 'consumer_key'; readonly value: string; readonly issuedBy: number },
): Promise<string[]> {
  const rows = await db
    .selectFrom('access_tokens')
    .innerJoin('exchanged_tokens', 'exchanged_tokens.access_id', 'access_tokens.id')
    .select('exchanged_tokens.family')
    .where(`access_tokens.${of.column}`, '=', of.value)
    .where('access_tokens.issued_at', '<=', of.issuedBy)
    .execute();
  return rows.map(({ family }) => family);
}
