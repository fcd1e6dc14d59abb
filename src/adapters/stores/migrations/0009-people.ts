/** Tables about people: whom to tell of a log-out, and links for new passwords. */
import type { Kysely } from 'kysely';
import { applyStatements } from './apply-statements.ts';

export const up = (db: Kysely<unknown>): Promise<void> => applyStatements(db, statements);

const statements: readonly string[] = [
  `CREATE TABLE logout_notices (
     id TEXT PRIMARY KEY, consumer_key TEXT NOT NULL REFERENCES clients (consumer_key) ON DELETE CASCADE,
     session_id TEXT NOT NULL, subject TEXT NOT NULL, attempts BIGINT NOT NULL, next_at_ms BIGINT NOT NULL)`,
  `CREATE INDEX logout_notices_next ON logout_notices (next_at_ms)`,
  `CREATE INDEX logout_notices_client ON logout_notices (consumer_key)`,
  `CREATE TABLE password_links (
     secret_hash TEXT PRIMARY KEY, user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
     created_at BIGINT NOT NULL, expires_at BIGINT NOT NULL)`,
  `CREATE INDEX password_links_user ON password_links (user_id)`,
  `CREATE INDEX password_links_expiry ON password_links (expires_at)`,
];
