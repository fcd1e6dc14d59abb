/** The table of service providers, which are told who has logged in here. */
import type { Kysely } from 'kysely';
import { applyStatements } from './apply-statements.ts';

export const up = (db: Kysely<unknown>): Promise<void> => applyStatements(db, statements);

const statements: readonly string[] = [
  `CREATE TABLE service_providers (
     id TEXT PRIMARY KEY, tenant TEXT NOT NULL, name TEXT NOT NULL, entity_id TEXT NOT NULL, enabled INTEGER NOT NULL,
     body TEXT NOT NULL, UNIQUE (tenant, name), UNIQUE (tenant, entity_id))`,
];
