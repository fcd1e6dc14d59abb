/** What an engine says when a row would be the second of its kind. */

/** SQLite's extended codes SQLITE_CONSTRAINT_PRIMARYKEY, SQLITE_CONSTRAINT_UNIQUE; PostgreSQL's SQLSTATE. */
const codes: ReadonlySet<unknown> = new Set([1555, 2067, '23505']);

/** Whether a unique constraint or a primary key refused a row: somebody else was faster, or it is there already. */
export function isUniqueViolation(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const { errcode, code } = error as Error & { errcode?: unknown; code?: unknown };
  return codes.has(errcode) || codes.has(code);
}
