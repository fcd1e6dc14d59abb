/** Proofs that were shown, in SQL: a row for each until it is over, so that it works once, at whichever node. */
import type { Schema } from './schema.ts';
import type { Queryable, StoreTransaction } from './store.ts';

export type UsedProofRow = Schema['used_proofs'];

/** False when the proof was used before. */
export async function useProof(tx: StoreTransaction, row: UsedProofRow): Promise<boolean> {
  const { numInsertedOrUpdatedRows } = await tx.db
    .insertInto('used_proofs')
    .values(row)
    .onConflict((c) => c.doNothing())
    .executeTakeFirstOrThrow();
  return Boolean(numInsertedOrUpdatedRows);
}

/** Removes at most `limit` rows that expired before `before`, and says how many. */
export async function removeExpiredProofs(db: Queryable, before: number, limit: number): Promise<number> {
  const expired = db.selectFrom('used_proofs').select(['proof_hash']).where('expires_at', '<', before).limit(limit);
  const { numDeletedRows } = await db
    .deleteFrom('used_proofs')
    .where('proof_hash', 'in', expired)
    .where('expires_at', '<', before)
    .executeTakeFirstOrThrow();
  return Number(numDeletedRows);
}
