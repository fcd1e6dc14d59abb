/** How often anything but tokens and log-ins was written: what was remembered of it is true as long as that stays. */
import type { Kysely } from 'kysely';
import { applyStatements } from './apply-statements.ts';

export const up = (db: Kysely<unknown>): Promise<void> => applyStatements(db, statements);

const statements: readonly string[] = [`ALTER TABLE head ADD COLUMN version BIGINT NOT NULL DEFAULT 0`];
