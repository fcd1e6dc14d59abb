/** Labels of APIs in SQL: groups of gateways that an API is meant for. */
import type { Schema } from './schema.ts';
import type { Queryable, StoreTransaction } from './store.ts';

export type LabelRow = Schema['labels'];

/** By name. */
export function listLabels(db: Queryable, tenant: string): Promise<LabelRow[]> {
  return db.selectFrom('labels').selectAll().where('tenant', '=', tenant).orderBy('name').execute();
}

export async function findLabel(db: Queryable, id: string): Promise<LabelRow | null> {
  return (await db.selectFrom('labels').selectAll().where('id', '=', id).executeTakeFirst()) ?? null;
}

/** @throws the engine's unique violation when the name is taken; so does `updateLabel`. */
export async function insertLabel(tx: StoreTransaction, row: LabelRow): Promise<void> {
  await tx.db.insertInto('labels').values(row).execute();
}

export async function updateLabel(tx: StoreTransaction, row: LabelRow): Promise<void> {
  const { name, description, access_urls } = row;
  await tx.db.updateTable('labels').set({ name, description, access_urls }).where('id', '=', row.id).execute();
}

export async function deleteLabel(tx: StoreTransaction, id: string): Promise<void> {
  await tx.db.deleteFrom('labels').where('id', '=', id).execute();
}
