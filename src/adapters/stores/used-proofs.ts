/** Proofs that were shown, in SQL: a row for each until it is over, so that it works once, at whichever node. */
import { removeExpiredFrom } from './remove-expired.ts';
import type { Schema } from './schema.ts';
import type { StoreTransaction } from './store.ts';

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

export const removeExpiredProofs = removeExpiredFrom('used_proofs', ['kind', 'proof_hash']);
