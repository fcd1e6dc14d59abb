/** Under which number everything of a subject or of a client was revoked last: requests that began before may be overtaken. */
import type { Kysely } from 'kysely';
import { applyStatements } from './apply-statements.ts';

export const up = (db: Kysely<unknown>): Promise<void> => applyStatements(db, statements);

const statements: readonly string[] = [
  `ALTER TABLE head ADD COLUMN revoked_all BIGINT NOT NULL DEFAULT 0`,
  `UPDATE head SET revoked_all = number`,
];
