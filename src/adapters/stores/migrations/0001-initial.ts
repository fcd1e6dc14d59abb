/** The first schema. */
import type { Kysely } from 'kysely';
import { applyStatements } from './apply-statements.ts';

export const up = (db: Kysely<unknown>): Promise<void> => applyStatements(db, statements);

const statements = [
  `CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL)`,
  `CREATE TABLE head (id INTEGER PRIMARY KEY CHECK (id = 1), number BIGINT NOT NULL)`,
  `INSERT INTO head (id, number) VALUES (1, 0)`,
  `CREATE TABLE changes (
     number BIGINT PRIMARY KEY, kind TEXT NOT NULL, id TEXT NOT NULL, body TEXT, at_ms BIGINT NOT NULL)`,
  `CREATE TABLE entities (
     kind TEXT NOT NULL, id TEXT NOT NULL, body TEXT NOT NULL, number BIGINT NOT NULL, expires_at BIGINT,
     PRIMARY KEY (kind, id))`,
  `CREATE INDEX entities_expiry ON entities (expires_at) WHERE expires_at IS NOT NULL`,
  `CREATE INDEX changes_age ON changes (at_ms)`,
  `CREATE TABLE users (
     id TEXT PRIMARY KEY, tenant TEXT NOT NULL, name TEXT NOT NULL, password_hash TEXT NOT NULL,
     created_at BIGINT NOT NULL, UNIQUE (tenant, name))`,
  `CREATE TABLE user_roles (
     user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE, role TEXT NOT NULL, PRIMARY KEY (user_id, role))`,
  `CREATE TABLE applications (
     ordinal INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, tenant TEXT NOT NULL, name TEXT NOT NULL,
     owner TEXT NOT NULL, tier TEXT NOT NULL, token_type TEXT NOT NULL, description TEXT NOT NULL,
     status TEXT NOT NULL, attributes TEXT NOT NULL, created_at BIGINT NOT NULL, updated_at BIGINT NOT NULL,
     UNIQUE (tenant, owner, name))`,
  `CREATE TABLE clients (
     consumer_key TEXT PRIMARY KEY, tenant TEXT NOT NULL,
     application_id TEXT REFERENCES applications (id) ON DELETE CASCADE, key_type TEXT NOT NULL, name TEXT NOT NULL,
     owner TEXT NOT NULL, secret_sealed TEXT, secret_hash TEXT, token_type TEXT NOT NULL, grant_types TEXT NOT NULL,
     callback_url TEXT NOT NULL, saas_app INTEGER NOT NULL, state TEXT NOT NULL, created_at BIGINT NOT NULL)`,
  `CREATE INDEX clients_application ON clients (application_id)`,
  // A client that registers itself again under the same name is the same client.
  `CREATE UNIQUE INDEX clients_registered ON clients (tenant, owner, name) WHERE application_id IS NULL`,
  `CREATE TABLE apis (
     id TEXT PRIMARY KEY, tenant TEXT NOT NULL, name TEXT NOT NULL, context TEXT NOT NULL, version TEXT NOT NULL,
     provider TEXT NOT NULL, status TEXT NOT NULL, type TEXT NOT NULL, description TEXT NOT NULL,
     visibility TEXT NOT NULL, access_control TEXT NOT NULL, body TEXT NOT NULL, definition TEXT NOT NULL,
     created_at BIGINT NOT NULL, updated_at BIGINT NOT NULL, UNIQUE (tenant, context, version),
     UNIQUE (tenant, name, version))`,
  `CREATE TABLE api_tags (
     api_id TEXT NOT NULL REFERENCES apis (id) ON DELETE CASCADE, tag TEXT NOT NULL, PRIMARY KEY (api_id, tag))`,
  `CREATE INDEX api_tags_tag ON api_tags (tag)`,
  `CREATE TABLE api_roles (
     api_id TEXT NOT NULL REFERENCES apis (id) ON DELETE CASCADE, purpose TEXT NOT NULL, role TEXT NOT NULL,
     PRIMARY KEY (api_id, purpose, role))`,
  `CREATE TABLE api_scopes (
     api_id TEXT NOT NULL REFERENCES apis (id) ON DELETE CASCADE, name TEXT NOT NULL, roles TEXT NOT NULL,
     PRIMARY KEY (api_id, name))`,
  `CREATE INDEX api_scopes_name ON api_scopes (name)`,
  `CREATE TABLE subscriptions (
     id TEXT PRIMARY KEY, api_id TEXT NOT NULL REFERENCES apis (id) ON DELETE CASCADE,
     application_id TEXT NOT NULL REFERENCES applications (id) ON DELETE CASCADE, tier TEXT NOT NULL,
     state TEXT NOT NULL, created_at BIGINT NOT NULL, UNIQUE (application_id, api_id))`,
  `CREATE INDEX subscriptions_api ON subscriptions (api_id)`,
  `CREATE TABLE access_tokens (
     id TEXT PRIMARY KEY, tenant TEXT NOT NULL, issuer TEXT NOT NULL,
     consumer_key TEXT NOT NULL REFERENCES clients (consumer_key) ON DELETE CASCADE, subject TEXT NOT NULL,
     user_type TEXT NOT NULL, grant_type TEXT NOT NULL, scope TEXT NOT NULL, form TEXT NOT NULL, token_hash TEXT UNIQUE,
     nonce TEXT, issued_at BIGINT NOT NULL, expires_at BIGINT NOT NULL, state TEXT NOT NULL)`,
  // One live opaque token for the same client, user and scopes, whatever the concurrency.
  `CREATE UNIQUE INDEX access_tokens_live_opaque ON access_tokens (consumer_key, subject, user_type, scope)
     WHERE form = 'OPAQUE' AND state = 'ACTIVE'`,
  `CREATE INDEX access_tokens_client ON access_tokens (consumer_key)`,
  `CREATE INDEX access_tokens_subject ON access_tokens (subject)`,
  `CREATE INDEX access_tokens_expiry ON access_tokens (expires_at)`,
  // An opaque token is handed out again, so it can belong to several log-ins.
  `CREATE TABLE access_token_families (
     access_id TEXT NOT NULL REFERENCES access_tokens (id) ON DELETE CASCADE, family TEXT NOT NULL,
     PRIMARY KEY (access_id, family))`,
  `CREATE INDEX access_token_families_family ON access_token_families (family)`,
  `CREATE TABLE refresh_tokens (
     id TEXT PRIMARY KEY, family TEXT NOT NULL, tenant TEXT NOT NULL,
     consumer_key TEXT NOT NULL REFERENCES clients (consumer_key) ON DELETE CASCADE, subject TEXT NOT NULL,
     scope TEXT NOT NULL, token_hash TEXT NOT NULL UNIQUE, nonce TEXT NOT NULL, issued_at BIGINT NOT NULL,
     expires_at BIGINT NOT NULL, state TEXT NOT NULL, used_at_ms BIGINT, successor_id TEXT)`,
  `CREATE INDEX refresh_tokens_family ON refresh_tokens (family)`,
  `CREATE INDEX refresh_tokens_client ON refresh_tokens (consumer_key)`,
  `CREATE INDEX refresh_tokens_subject ON refresh_tokens (subject)`,
  `CREATE INDEX refresh_tokens_expiry ON refresh_tokens (expires_at)`,
  `CREATE TABLE signing_keys (
     kid TEXT PRIMARY KEY, algorithm TEXT NOT NULL, public_jwk TEXT NOT NULL, private_sealed TEXT NOT NULL,
     created_at BIGINT NOT NULL)`,
];
