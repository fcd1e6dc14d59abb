/** Tables of administrators: policies as they were given, deny rules, key managers, work flows, the audit log. */
import { type Kysely, sql } from 'kysely';

export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of statements) await sql.raw(statement).execute(db);
}

const statements = [
  `CREATE TABLE audit_log (
     number INTEGER PRIMARY KEY AUTOINCREMENT, at_ms BIGINT NOT NULL, actor TEXT NOT NULL, action TEXT NOT NULL,
     kind TEXT NOT NULL, entity_id TEXT NOT NULL, name TEXT NOT NULL, before TEXT, after TEXT)`,
  `CREATE INDEX audit_log_entity ON audit_log (entity_id)`,
];
