/**
 * The store of a data folder, as the tests that look into it open it. Where `tools/test-on-postgresql.ts` runs them,
 * each data folder has a database of its own on that server.
 */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import { openPostgresqlStore } from '../../src/adapters/stores/postgresql.ts';
import { openSqliteStore } from '../../src/adapters/stores/sqlite.ts';
import type { Store } from '../../src/adapters/stores/store.ts';
import type { Clock } from '../../src/platform/clock.ts';

/** The server's address with the database `postgres`; absent = tests use SQLite. */
export const postgresqlVariable = 'POSTERN_TEST_POSTGRESQL';

/** What a process is started with, so that it has the store of this data folder. */
export async function storeArguments(data: string): Promise<string[]> {
  const url = await databaseOf(data);
  return url === null ? [] : [`--store.url=${url}`];
}

export async function openTestStore(data: string, clock?: Clock): Promise<Store> {
  const url = await databaseOf(data);
  return url === null ? openSqliteStore(join(data, 'postern.db'), clock) : openPostgresqlStore(url, clock);
}

/** All that a store keeps, as it stands there: where secrets are looked for. */
export async function storedText(data: string): Promise<string> {
  const url = await databaseOf(data);
  if (url === null) {
    const files = readdirSync(data).filter((file) => file.startsWith('postern.db'));
    return files.map((file) => readFileSync(join(data, file), 'latin1')).join('\n');
  }
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    const { rows } = await client.query("select tablename from pg_tables where schemaname = 'public'");
    const tables = await Promise.all(rows.map(({ tablename }) => client.query(`select * from ${tablename}`)));
    return JSON.stringify(tables.map((table) => table.rows));
  } finally {
    await client.end();
  }
}

async function databaseOf(data: string): Promise<string | null> {
  const server = process.env[postgresqlVariable];
  if (server === undefined) return null;
  const name = `t${createHash('sha256').update(data).digest('hex').slice(0, 24)}`;
  const client = new pg.Client({ connectionString: server });
  await client.connect();
  try {
    const { rowCount } = await client.query('select 1 from pg_database where datname = $1', [name]);
    if (rowCount === 0) await client.query(`create database ${name}`);
  } finally {
    await client.end();
  }
  return server.replace(/\/postgres$/, `/${name}`);
}
