/** The states that an API went through, in SQL. */
import type { Schema } from './schema.ts';
import type { Queryable } from './store.ts';

export type HistoryRow = Omit<Schema['api_history'], 'number'>;

export async function recordState(db: Queryable, row: HistoryRow): Promise<void> {
  await db.insertInto('api_history').values(row).execute();
}

/** Oldest first. */
export function historyOf(db: Queryable, apiId: string): Promise<HistoryRow[]> {
  return db
    .selectFrom('api_history')
    .select(['api_id', 'previous', 'status', 'actor', 'at_ms'])
    .where('api_id', '=', apiId)
    .orderBy('number')
    .execute();
}
