/** Tables of identity providers, of the users that they speak for, and of the assertions that were used up. */
import type { Kysely } from 'kysely';
import { applyStatements } from './apply-statements.ts';

export const up = (db: Kysely<unknown>): Promise<void> => applyStatements(db, statements);

const statements: readonly string[] = [
  `CREATE TABLE identity_providers (
     id TEXT PRIMARY KEY, tenant TEXT NOT NULL, name TEXT NOT NULL, entity_id TEXT NOT NULL, enabled INTEGER NOT NULL,
     body TEXT NOT NULL, UNIQUE (tenant, name), UNIQUE (tenant, entity_id))`,
  `CREATE TABLE federated_users (
     subject TEXT PRIMARY KEY, provider_id TEXT NOT NULL REFERENCES identity_providers (id) ON DELETE CASCADE,
     tenant TEXT NOT NULL, name TEXT NOT NULL, roles TEXT NOT NULL, claims TEXT NOT NULL, expires_at BIGINT NOT NULL)`,
  `CREATE INDEX federated_users_provider ON federated_users (provider_id)`,
  `CREATE INDEX federated_users_expiry ON federated_users (expires_at)`,
  // By the issuer and not its row: a provider that is removed and added again has not forgotten them.
  `CREATE TABLE used_assertions (
     issuer TEXT NOT NULL, id_hash TEXT NOT NULL, family TEXT NOT NULL, expires_at BIGINT NOT NULL,
     PRIMARY KEY (issuer, id_hash))`,
  `CREATE INDEX used_assertions_expiry ON used_assertions (expires_at)`,
  `ALTER TABLE refresh_tokens ADD COLUMN not_after BIGINT`,
];
