/** Tables of browsers that log in: sessions, authorization codes, consents. And what OAuth clients say of themselves. */
import type { Kysely } from 'kysely';
import { applyStatements } from './apply-statements.ts';

export const up = (db: Kysely<unknown>): Promise<void> => applyStatements(db, statements);

const statements: readonly string[] = [
  `ALTER TABLE clients ADD COLUMN metadata TEXT NOT NULL DEFAULT '{}'`,
  `ALTER TABLE refresh_tokens ADD COLUMN log_in TEXT`,
  `CREATE TABLE sessions (
     id TEXT PRIMARY KEY, secret_hash TEXT NOT NULL UNIQUE, tenant TEXT NOT NULL, subject TEXT NOT NULL,
     methods TEXT NOT NULL, authenticated_at BIGINT NOT NULL, created_at BIGINT NOT NULL, expires_at BIGINT NOT NULL,
     address TEXT NOT NULL, user_agent TEXT NOT NULL)`,
  `CREATE INDEX sessions_subject ON sessions (subject)`,
  `CREATE INDEX sessions_expiry ON sessions (expires_at)`,
  // Which log-ins at clients rest on a session, and which tokens they were given: a log-out ends them.
  `CREATE TABLE session_families (
     session_id TEXT NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
     consumer_key TEXT NOT NULL REFERENCES clients (consumer_key) ON DELETE CASCADE, family TEXT NOT NULL,
     PRIMARY KEY (session_id, family))`,
  `CREATE INDEX session_families_client ON session_families (consumer_key)`,
  `CREATE TABLE authorization_codes (
     id TEXT PRIMARY KEY, code_hash TEXT NOT NULL UNIQUE,
     consumer_key TEXT NOT NULL REFERENCES clients (consumer_key) ON DELETE CASCADE, subject TEXT NOT NULL,
     scope TEXT NOT NULL, redirect_uri TEXT, code_challenge TEXT, code_challenge_method TEXT, log_in TEXT NOT NULL,
     began_at BIGINT NOT NULL, issued_at BIGINT NOT NULL, expires_at BIGINT NOT NULL, state TEXT NOT NULL)`,
  `CREATE INDEX authorization_codes_client ON authorization_codes (consumer_key)`,
  `CREATE INDEX authorization_codes_expiry ON authorization_codes (expires_at)`,
  `CREATE TABLE consents (
     subject TEXT NOT NULL, consumer_key TEXT NOT NULL REFERENCES clients (consumer_key) ON DELETE CASCADE,
     scope TEXT NOT NULL, granted_at BIGINT NOT NULL, PRIMARY KEY (subject, consumer_key))`,
  `CREATE INDEX consents_client ON consents (consumer_key)`,
];
