/** Removes rows that are over, some at a time, so that nobody who writes meanwhile waits long. */
import { sql } from 'kysely';
import type { Schema } from './schema.ts';
import type { Queryable } from './store.ts';

/** Removes at most `limit` rows that were over before `before` (seconds since the epoch), and says how many. */
export type RemoveExpired = (db: Queryable, before: number, limit: number) => Promise<number>;

/**
 * @param key what tells the rows of the table apart
 * @param until the column that says when a row is over
 */
export function removeExpiredFrom<T extends keyof Schema>(
  table: T,
  key: readonly (keyof Schema[T] & string)[],
  until: keyof Schema[T] & string = 'expires_at' as keyof Schema[T] & string,
): RemoveExpired {
  const keys = sql.join(key.map((column) => sql.ref(column)));
  return async (db, before, limit) => {
    const { numAffectedRows } = await sql`
      delete from ${sql.table(table)} where (${keys}) in (
        select ${keys} from ${sql.table(table)} where ${sql.ref(until)} < ${before} limit ${limit})`.execute(db);
    return Number(numAffectedRows);
  };
}
