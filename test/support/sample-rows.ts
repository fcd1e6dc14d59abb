/** A row in every table of a store, whatever its version: what has to survive a migration, or a way through a backup. */
import { type Kysely, sql } from 'kysely';
import { tables } from '../../src/adapters/stores/backup/tables.ts';
import type { Schema } from '../../src/adapters/stores/schema.ts';

/** In all columns of text, so that they refer to each other. */
export const sampleText = `x' "ü\t😀\\ \u2028`;

type Row = Record<string, string | number | null>;

/** Inserts them, and with them a change with the number 1. */
export async function insertSampleRows(db: Kysely<Schema>): Promise<void> {
  await db.updateTable('head').set({ number: 1 }).execute();
  for (const { name, columns } of await tablesOf(db)) {
    if (name === 'head') continue;
    const names = sql.join(columns.map((column) => sql.ref(column.name)));
    const values = columns.map(({ isText }): string | number => (isText ? sampleText : 1));
    await sql`insert into ${sql.table(name)} (${names}) values (${sql.join(values)})`.execute(db);
  }
}

/** All rows of each table, by column. */
export async function readAll(db: Kysely<Schema>): Promise<Record<string, Row[]>> {
  const all: Record<string, Row[]> = {};
  for (const { name } of await tablesOf(db)) {
    const { rows } = await sql<Row>`select * from ${sql.table(name)}`.execute(db);
    all[name] = rows.map((row) => ({ ...row })).toSorted((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
  }
  return all;
}

async function tablesOf(db: Kysely<Schema>) {
  const here = new Map((await db.introspection.getTables()).map((table) => [table.name, table]));
  return tables.flatMap((name) => {
    const table = here.get(name);
    if (!table) return [];
    const columns = table.columns.map((column) => ({ name: column.name, isText: /text/i.test(column.dataType) }));
    return [{ name, columns }];
  });
}
