/** Workflows in SQL: what waits for an administrator, and what was decided. */

import type { WorkflowType } from './schema/portal.ts';
import type { Schema } from './schema.ts';
import type { Queryable, StoreTransaction } from './store.ts';

export type WorkflowRow = Schema['workflows'];

/** @throws the engine's unique violation when a workflow of that type waits for the same thing already. */
export async function insertWorkflow(tx: StoreTransaction, row: WorkflowRow): Promise<void> {
  await tx.db.insertInto('workflows').values(row).execute();
}

export async function findWorkflow(db: Queryable, reference: string): Promise<WorkflowRow | null> {
  return (await db.selectFrom('workflows').selectAll().where('reference', '=', reference).executeTakeFirst()) ?? null;
}

/** The workflow of one of these types that waits for this thing. */
export async function findWaiting(
  db: Queryable,
  types: readonly WorkflowType[],
  subjectId: string,
): Promise<WorkflowRow | null> {
  const row = await db
    .selectFrom('workflows')
    .selectAll()
    .where('type', 'in', types)
    .where('subject_id', '=', subjectId)
    .where('status', '=', 'CREATED')
    .executeTakeFirst();
  return row ?? null;
}

/** The workflows of a type that wait for any of these things. */
export async function findAnyWaiting(
  db: Queryable,
  type: WorkflowType,
  subjectIds: readonly string[],
): Promise<WorkflowRow[]> {
  if (subjectIds.length === 0) return [];
  return db
    .selectFrom('workflows')
    .selectAll()
    .where('type', '=', type)
    .where('subject_id', 'in', subjectIds)
    .where('status', '=', 'CREATED')
    .execute();
}

/** What waits about an application: itself, its keys, its subscriptions. */
export function waitingFor(db: Queryable, applicationId: string): Promise<WorkflowRow[]> {
  const subscriptions = db.selectFrom('subscriptions').select('id').where('application_id', '=', applicationId);
  return db
    .selectFrom('workflows')
    .selectAll()
    .where((e) => e.or([e('subject_id', '=', applicationId), e('subject_id', 'in', subscriptions)]))
    .where('status', '=', 'CREATED')
    .orderBy('created_at')
    .orderBy('reference')
    .execute();
}

/** Those that wait for a decision, oldest first, with the number of all. */
export async function listWaiting(
  db: Queryable,
  filter: { tenant: string; type?: WorkflowType; offset: number; limit: number },
): Promise<{ rows: WorkflowRow[]; total: number }> {
  let query = db.selectFrom('workflows').where('tenant', '=', filter.tenant).where('status', '=', 'CREATED');
  if (filter.type !== undefined) query = query.where('type', '=', filter.type);
  const { total } = await query.select((e) => e.fn.countAll<number>().as('total')).executeTakeFirstOrThrow();
  const rows = await query
    .selectAll()
    .orderBy('created_at')
    .orderBy('reference')
    .offset(filter.offset)
    .limit(filter.limit)
    .execute();
  return { rows, total: Number(total) };
}

/** False when it is not waiting (any more). */
export async function decideWorkflow(
  tx: StoreTransaction,
  reference: string,
  decision: Pick<WorkflowRow, 'status' | 'description' | 'updated_at'>,
): Promise<boolean> {
  const { numUpdatedRows } = await tx.db
    .updateTable('workflows')
    .set(decision)
    .where('reference', '=', reference)
    .where('status', '=', 'CREATED')
    .executeTakeFirstOrThrow();
  return numUpdatedRows === 1n;
}

/** Nobody has to decide any more: what they wait for is gone. */
export async function removeWaiting(tx: StoreTransaction, subjectIds: readonly string[]): Promise<void> {
  if (subjectIds.length === 0) return;
  await tx.db.deleteFrom('workflows').where('subject_id', 'in', subjectIds).where('status', '=', 'CREATED').execute();
}
