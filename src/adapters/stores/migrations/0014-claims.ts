/** What a client asked to learn of a user by name. */
import type { Kysely } from 'kysely';
import { applyStatements } from './apply-statements.ts';

export const up = (db: Kysely<unknown>): Promise<void> => applyStatements(db, statements);

const statements: readonly string[] = [`ALTER TABLE access_tokens ADD COLUMN claims TEXT`];
