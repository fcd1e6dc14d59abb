/** By which grant a refresh token began: a user is told how an application came to act for him. */
import type { Kysely } from 'kysely';
import { applyStatements } from './apply-statements.ts';

export const up = (db: Kysely<unknown>): Promise<void> => applyStatements(db, statements);

const statements: readonly string[] = [`ALTER TABLE refresh_tokens ADD COLUMN grant_type TEXT NOT NULL DEFAULT ''`];
