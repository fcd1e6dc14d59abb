/** Tables of administrators: deny rules, labels, categories, key managers, the audit log. */
import type { Kysely } from 'kysely';
import { applyStatements } from './apply-statements.ts';

export const up = (db: Kysely<unknown>): Promise<void> => applyStatements(db, statements);

const statements = [
  `CREATE TABLE audit_log (
     number INTEGER PRIMARY KEY AUTOINCREMENT, at_ms BIGINT NOT NULL, actor TEXT NOT NULL, action TEXT NOT NULL,
     kind TEXT NOT NULL, entity_id TEXT NOT NULL, name TEXT NOT NULL, before TEXT, after TEXT)`,
  `CREATE INDEX audit_log_entity ON audit_log (entity_id)`,
  `CREATE INDEX audit_log_actor ON audit_log (actor, number)`,
  `CREATE INDEX audit_log_kind ON audit_log (kind, number)`,
  `CREATE TABLE deny_rules (
     id TEXT PRIMARY KEY, tenant TEXT NOT NULL, type TEXT NOT NULL, value TEXT NOT NULL, invert INTEGER NOT NULL,
     enabled INTEGER NOT NULL, created_at BIGINT NOT NULL, UNIQUE (tenant, type, value, invert))`,
  `CREATE TABLE labels (
     id TEXT PRIMARY KEY, tenant TEXT NOT NULL, name TEXT NOT NULL, description TEXT NOT NULL,
     access_urls TEXT NOT NULL, UNIQUE (tenant, name))`,
  `CREATE TABLE categories (
     id TEXT PRIMARY KEY, tenant TEXT NOT NULL, name TEXT NOT NULL, description TEXT NOT NULL, UNIQUE (tenant, name))`,
  `CREATE TABLE key_managers (
     id TEXT PRIMARY KEY, tenant TEXT NOT NULL, name TEXT NOT NULL, issuer TEXT, enabled INTEGER NOT NULL,
     body TEXT NOT NULL, secrets TEXT NOT NULL, UNIQUE (tenant, name), UNIQUE (tenant, issuer))`,
  // What a user has made is revoked with him.
  `CREATE INDEX api_keys_creator ON api_keys (created_by)`,
  // Whoever deletes a policy asks who uses it.
  `CREATE INDEX applications_tier ON applications (tier)`,
  `CREATE INDEX subscriptions_tier ON subscriptions (tier)`,
];
