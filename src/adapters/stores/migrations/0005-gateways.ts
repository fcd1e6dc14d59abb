/** Tables of gateways: who was invited, and which certificates they have. */
import type { Kysely } from 'kysely';
import { applyStatements } from './apply-statements.ts';

export const up = (db: Kysely<unknown>): Promise<void> => applyStatements(db, statements);

const statements: readonly string[] = [
  `CREATE TABLE gateway_invitations (
     code_hash TEXT PRIMARY KEY, name TEXT, created_by TEXT NOT NULL, created_at BIGINT NOT NULL,
     expires_at BIGINT NOT NULL, used_at BIGINT)`,
  `CREATE TABLE gateway_certificates (
     fingerprint TEXT PRIMARY KEY, serial TEXT NOT NULL, name TEXT NOT NULL, issued_at BIGINT NOT NULL,
     expires_at BIGINT NOT NULL)`,
  `CREATE INDEX gateway_certificates_name ON gateway_certificates (name)`,
];
