/** Authorization codes in SQL: a row for each, until a day after it expired. */
import { removeExpiredFrom } from './remove-expired.ts';
import type { Schema } from './schema.ts';
import type { Queryable, StoreTransaction } from './store.ts';

export type CodeRow = Schema['authorization_codes'];

export async function insertCode(tx: StoreTransaction, row: CodeRow): Promise<void> {
  await tx.db.insertInto('authorization_codes').values(row).execute();
}

export async function findCodeByHash(db: Queryable, hash: string): Promise<CodeRow | null> {
  return (
    (await db.selectFrom('authorization_codes').selectAll().where('code_hash', '=', hash).executeTakeFirst()) ?? null
  );
}

/** Ends an active code. False when it was not active: somebody else was faster. */
export async function endCode(tx: StoreTransaction, id: string, state: 'USED' | 'DEAD'): Promise<boolean> {
  const { numUpdatedRows } = await tx.db
    .updateTable('authorization_codes')
    .set({ state })
    .where('id', '=', id)
    .where('state', '=', 'ACTIVE')
    .executeTakeFirstOrThrow();
  return numUpdatedRows === 1n;
}

export const removeExpiredCodes = removeExpiredFrom('authorization_codes', ['id']);
