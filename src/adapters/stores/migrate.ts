/** Brings a store's schema up to this version, or says clearly why it can't. */
import type { Kysely } from 'kysely';
import { Migrator } from 'kysely/migration';
import { OperatorError } from '../../platform/operator-error.ts';
import { migrations } from './migrations/index.ts';
import type { Schema } from './schema.ts';

/** The store can't be used; the message says why and what to do. */
export class StoreError extends OperatorError {
  override name = 'StoreError';
}

/**
 * Applies what is missing, forward only.
 * @param place what to call the database in errors
 * @param upTo the last one to be applied, if not the newest
 * @throws StoreError when the store has migrations that this version doesn't know.
 */
export async function migrate(db: Kysely<Schema>, place: string, upTo?: string): Promise<void> {
  const migrator = new Migrator({ db, provider: { getMigrations: async () => ({ ...migrations }) } });
  const applied = await appliedMigrations(db);
  const unknown = applied.filter((name) => !(name in migrations));
  if (unknown.length > 0) {
    throw new StoreError(
      `${place} was written by a newer version of Postern (it has ${unknown.join(', ')}); start that version, or use another data folder`,
    );
  }
  const { error } = upTo === undefined ? await migrator.migrateToLatest() : await migrator.migrateTo(upTo);
  if (error) throw new StoreError(`${place} could not be migrated: ${(error as Error).message}`, { cause: error });
}

/** The names of what was applied, in their order. */
export async function appliedMigrations(db: Kysely<Schema>): Promise<string[]> {
  const tables = await db.introspection.getTables({ withInternalKyselyTables: true });
  if (!tables.some((table) => table.name === 'kysely_migration')) return [];
  const rows = await db
    .withTables<{ kysely_migration: { name: string } }>()
    .selectFrom('kysely_migration')
    .select('name')
    .execute();
  return rows.map((row) => row.name).sort();
}
