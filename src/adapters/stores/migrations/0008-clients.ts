/** What OAuth clients can do beyond the first schema: proofs that work once, pushed requests, tokens bound to a key. */
import type { Kysely } from 'kysely';
import { applyStatements } from './apply-statements.ts';

export const up = (db: Kysely<unknown>): Promise<void> => applyStatements(db, statements);

const statements: readonly string[] = [
  `CREATE TABLE used_proofs (
     kind TEXT NOT NULL, proof_hash TEXT NOT NULL, expires_at BIGINT NOT NULL, PRIMARY KEY (kind, proof_hash))`,
  `CREATE INDEX used_proofs_expiry ON used_proofs (expires_at)`,
  `CREATE TABLE pushed_requests (
     id_hash TEXT PRIMARY KEY, consumer_key TEXT NOT NULL REFERENCES clients (consumer_key) ON DELETE CASCADE,
     parameters TEXT NOT NULL, expires_at BIGINT NOT NULL, state TEXT NOT NULL)`,
  `CREATE INDEX pushed_requests_client ON pushed_requests (consumer_key)`,
  `CREATE INDEX pushed_requests_expiry ON pushed_requests (expires_at)`,
  // Empty = the token is its bearer's, whoever that is.
  `ALTER TABLE access_tokens ADD COLUMN confirmation TEXT NOT NULL DEFAULT ''`,
  `ALTER TABLE refresh_tokens ADD COLUMN confirmation TEXT NOT NULL DEFAULT ''`,
  `ALTER TABLE authorization_codes ADD COLUMN dpop_jkt TEXT`,
  // What is bound to one key is not the token that is bound to another, or to none.
  `DROP INDEX access_tokens_live_opaque`,
  `CREATE UNIQUE INDEX access_tokens_live_opaque ON access_tokens (consumer_key, subject, user_type, scope, confirmation)
     WHERE form = 'OPAQUE' AND state = 'ACTIVE'`,
  `ALTER TABLE clients ADD COLUMN registration_hash TEXT`,
];
