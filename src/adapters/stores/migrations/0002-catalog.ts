/** Tables of what belongs to APIs besides themselves: documents, pictures, history, certificates, shared scopes. */
import type { Kysely } from 'kysely';
import { applyStatements } from './apply-statements.ts';

export const up = (db: Kysely<unknown>): Promise<void> => applyStatements(db, statements);

const statements: readonly string[] = [
  `CREATE TABLE api_facets (
     api_id TEXT NOT NULL REFERENCES apis (id) ON DELETE CASCADE, kind TEXT NOT NULL, value TEXT NOT NULL,
     PRIMARY KEY (api_id, kind, value))`,
  `CREATE INDEX api_facets_value ON api_facets (kind, value)`,
  `CREATE TABLE api_thumbnails (
     api_id TEXT PRIMARY KEY REFERENCES apis (id) ON DELETE CASCADE, media_type TEXT NOT NULL, content TEXT NOT NULL,
     updated_at BIGINT NOT NULL)`,
  `CREATE TABLE api_history (
     number INTEGER PRIMARY KEY AUTOINCREMENT, api_id TEXT NOT NULL REFERENCES apis (id) ON DELETE CASCADE,
     previous TEXT, status TEXT NOT NULL, actor TEXT NOT NULL, at_ms BIGINT NOT NULL)`,
  `CREATE INDEX api_history_api ON api_history (api_id)`,
  `CREATE TABLE documents (
     id TEXT PRIMARY KEY, api_id TEXT NOT NULL REFERENCES apis (id) ON DELETE CASCADE, name TEXT NOT NULL,
     type TEXT NOT NULL, summary TEXT NOT NULL, source_type TEXT NOT NULL, source_url TEXT NOT NULL,
     other_type_name TEXT NOT NULL, visibility TEXT NOT NULL, file_name TEXT NOT NULL, media_type TEXT NOT NULL,
     content TEXT, created_by TEXT NOT NULL, created_at BIGINT NOT NULL, updated_by TEXT NOT NULL,
     updated_at BIGINT NOT NULL, UNIQUE (api_id, name))`,
  `CREATE TABLE client_certificates (
     tenant TEXT NOT NULL, alias TEXT NOT NULL, api_id TEXT NOT NULL REFERENCES apis (id) ON DELETE CASCADE,
     tier TEXT NOT NULL, pem TEXT NOT NULL, created_at BIGINT NOT NULL, PRIMARY KEY (tenant, alias))`,
  `CREATE INDEX client_certificates_api ON client_certificates (api_id)`,
  `CREATE TABLE endpoint_certificates (
     tenant TEXT NOT NULL, alias TEXT NOT NULL, endpoint TEXT NOT NULL, authority TEXT NOT NULL, pem TEXT NOT NULL,
     created_at BIGINT NOT NULL, PRIMARY KEY (tenant, alias))`,
  `CREATE INDEX endpoint_certificates_authority ON endpoint_certificates (authority)`,
  `CREATE TABLE shared_scopes (
     id TEXT PRIMARY KEY, tenant TEXT NOT NULL, name TEXT NOT NULL, display_name TEXT NOT NULL,
     description TEXT NOT NULL, roles TEXT NOT NULL, created_at BIGINT NOT NULL, updated_at BIGINT NOT NULL,
     UNIQUE (tenant, name))`,
];
