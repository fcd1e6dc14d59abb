/** Tables of the developer portal: mapped keys, API keys, ratings, comments, profiles of users, what waits for approval. */
import type { Kysely } from 'kysely';
import { applyStatements } from './apply-statements.ts';

export const up = (db: Kysely<unknown>): Promise<void> => applyStatements(db, statements);

const statements: readonly string[] = [
  `ALTER TABLE applications ADD COLUMN group_names TEXT NOT NULL DEFAULT '[]'`,
  `ALTER TABLE clients ADD COLUMN application_validity BIGINT`,
  `ALTER TABLE clients ADD COLUMN user_validity BIGINT`,
  `ALTER TABLE clients ADD COLUMN refresh_validity BIGINT`,
  // An application has one key of each type from each key manager; here is our own.
  `CREATE UNIQUE INDEX clients_key_type ON clients (application_id, key_type) WHERE application_id IS NOT NULL`,
  // Of those who signed up and wait for approval: they can't log in.
  `ALTER TABLE users ADD COLUMN state TEXT NOT NULL DEFAULT 'ACTIVE'`,
  `CREATE TABLE user_profiles (
     user_id TEXT PRIMARY KEY REFERENCES users (id) ON DELETE CASCADE, first_name TEXT NOT NULL,
     last_name TEXT NOT NULL, email TEXT NOT NULL)`,
  `CREATE TABLE workflows (
     reference TEXT PRIMARY KEY, tenant TEXT NOT NULL, type TEXT NOT NULL, status TEXT NOT NULL,
     subject_id TEXT NOT NULL, requester TEXT NOT NULL, properties TEXT NOT NULL, description TEXT NOT NULL,
     created_at BIGINT NOT NULL, updated_at BIGINT NOT NULL)`,
  `CREATE UNIQUE INDEX workflows_waiting ON workflows (type, subject_id) WHERE status = 'CREATED'`,
  `CREATE INDEX workflows_subject ON workflows (subject_id)`,
  `CREATE INDEX workflows_age ON workflows (status, created_at)`,
  `CREATE TABLE mapped_keys (
     id TEXT PRIMARY KEY, application_id TEXT NOT NULL REFERENCES applications (id) ON DELETE CASCADE,
     key_type TEXT NOT NULL, key_manager TEXT NOT NULL, issuer TEXT NOT NULL, consumer_key TEXT NOT NULL,
     created_at BIGINT NOT NULL, UNIQUE (issuer, consumer_key), UNIQUE (application_id, key_type, key_manager))`,
  `CREATE INDEX mapped_keys_manager ON mapped_keys (key_manager)`,
  `CREATE TABLE api_keys (
     jti TEXT PRIMARY KEY, issuer TEXT NOT NULL,
     application_id TEXT NOT NULL REFERENCES applications (id) ON DELETE CASCADE, key_type TEXT NOT NULL,
     created_by TEXT NOT NULL, created_at BIGINT NOT NULL, expires_at BIGINT NOT NULL, state TEXT NOT NULL)`,
  `CREATE INDEX api_keys_application ON api_keys (application_id)`,
  `CREATE INDEX api_keys_expiry ON api_keys (expires_at)`,
  `CREATE TABLE ratings (
     id TEXT NOT NULL UNIQUE, api_id TEXT NOT NULL REFERENCES apis (id) ON DELETE CASCADE, user_name TEXT NOT NULL,
     rating INTEGER NOT NULL, updated_at BIGINT NOT NULL, PRIMARY KEY (api_id, user_name))`,
  `CREATE TABLE comments (
     id TEXT PRIMARY KEY, api_id TEXT NOT NULL REFERENCES apis (id) ON DELETE CASCADE, author TEXT NOT NULL,
     content TEXT NOT NULL, created_at BIGINT NOT NULL)`,
  `CREATE INDEX comments_api ON comments (api_id, created_at)`,
  // What the developer portal lists and counts, without a look at the rows.
  `CREATE INDEX apis_portal ON apis (tenant, status, visibility, provider, id)`,
];
