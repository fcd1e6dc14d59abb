/** Categories of APIs in SQL. */
import type { Schema } from './schema.ts';
import type { Queryable, StoreTransaction } from './store.ts';

export type CategoryRow = Schema['categories'];

/** By name. */
export function listCategories(db: Queryable, tenant: string): Promise<CategoryRow[]> {
  return db.selectFrom('categories').selectAll().where('tenant', '=', tenant).orderBy('name').execute();
}

export async function findCategory(db: Queryable, id: string): Promise<CategoryRow | null> {
  return (await db.selectFrom('categories').selectAll().where('id', '=', id).executeTakeFirst()) ?? null;
}

/** @throws the engine's unique violation when the name is taken; so does `updateCategory`. */
export async function insertCategory(tx: StoreTransaction, row: CategoryRow): Promise<void> {
  await tx.db.insertInto('categories').values(row).execute();
}

export async function updateCategory(tx: StoreTransaction, { id, name, description }: CategoryRow): Promise<void> {
  await tx.db.updateTable('categories').set({ name, description }).where('id', '=', id).execute();
}

export async function deleteCategory(tx: StoreTransaction, id: string): Promise<void> {
  await tx.db.deleteFrom('categories').where('id', '=', id).execute();
}
