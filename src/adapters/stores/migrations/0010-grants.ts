/** Tables of grants that need a memory: codes of devices, and what was exchanged. */
import type { Kysely } from 'kysely';
import { applyStatements } from './apply-statements.ts';

export const up = (db: Kysely<unknown>): Promise<void> => applyStatements(db, statements);

const statements: readonly string[] = [
  `ALTER TABLE access_tokens ADD COLUMN act TEXT`,
  `CREATE TABLE device_codes (
     id TEXT PRIMARY KEY, device_hash TEXT NOT NULL UNIQUE, user_hash TEXT NOT NULL UNIQUE,
     consumer_key TEXT NOT NULL REFERENCES clients (consumer_key) ON DELETE CASCADE, scope TEXT NOT NULL,
     state TEXT NOT NULL, subject TEXT, log_in TEXT, began_at BIGINT, interval_seconds BIGINT NOT NULL,
     polled_at_ms BIGINT NOT NULL, expires_at BIGINT NOT NULL)`,
  `CREATE INDEX device_codes_client ON device_codes (consumer_key, state)`,
  `CREATE INDEX device_codes_expiry ON device_codes (expires_at)`,
  `CREATE TABLE device_guesses (subject TEXT PRIMARY KEY, wrong BIGINT NOT NULL, until BIGINT NOT NULL)`,
  `CREATE TABLE exchanged_tokens (
     access_id TEXT NOT NULL REFERENCES access_tokens (id) ON DELETE CASCADE, family TEXT NOT NULL,
     PRIMARY KEY (access_id, family))`,
];
