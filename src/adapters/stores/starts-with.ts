/** Whether a text begins so, letter for letter: LIKE does not tell cases apart in every database. */
import { type RawBuilder, type SqlBool, sql } from 'kysely';

export const startsWith = (column: string, prefix: string): RawBuilder<SqlBool> =>
  sql<SqlBool>`substr(${sql.ref(column)}, 1, length(cast(${prefix} as text))) = ${prefix}`;
