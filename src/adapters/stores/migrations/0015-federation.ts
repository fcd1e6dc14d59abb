/** Which identity provider a session rests on: it ends when that is believed no more. */
import type { Kysely } from 'kysely';
import { applyStatements } from './apply-statements.ts';

export const up = (db: Kysely<unknown>): Promise<void> => applyStatements(db, statements);

const statements: readonly string[] = [
  `ALTER TABLE sessions ADD COLUMN provider_id TEXT`,
  `CREATE INDEX sessions_provider ON sessions (provider_id)`,
];
