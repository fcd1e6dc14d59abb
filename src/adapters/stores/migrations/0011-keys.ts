/** Signing keys that follow each other: from when each signs, and how long what it signed is good. */
import type { Kysely } from 'kysely';
import { applyStatements } from './apply-statements.ts';

export const up = (db: Kysely<unknown>): Promise<void> => applyStatements(db, statements);

const statements: readonly string[] = [
  `ALTER TABLE signing_keys ADD COLUMN signs_from BIGINT NOT NULL DEFAULT 0`,
  `ALTER TABLE signing_keys ADD COLUMN retired_at BIGINT`,
  `ALTER TABLE signing_keys ADD COLUMN needed_until BIGINT NOT NULL DEFAULT 0`,
  `ALTER TABLE signing_keys ADD COLUMN state TEXT NOT NULL DEFAULT 'ACTIVE'`,
  `ALTER TABLE signing_keys ADD COLUMN origin TEXT NOT NULL DEFAULT 'MADE'`,
  // Nobody wrote down which key signed what, so each counts as that of all; a day more is for id tokens, which have no row.
  `UPDATE signing_keys SET signs_from = created_at, needed_until = 86400 + (
     SELECT COALESCE(MAX(expires_at), 0) FROM (
       SELECT expires_at FROM access_tokens WHERE form = 'JWT' UNION ALL SELECT expires_at FROM api_keys) AS signed)`,
];
