import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { Kysely } from 'kysely';
import { type PostgresqlServer, startPostgresql } from '../../../test/support/postgresql.ts';
import { insertSampleRows, readAll } from '../../../test/support/sample-rows.ts';
import { missing } from '../../../test/support/servers.ts';
import { appliedMigrations, migrate } from './migrate.ts';
import { migrations } from './migrations/index.ts';
import { openPostgresqlDatabase, openPostgresqlStore } from './postgresql.ts';
import type { Schema } from './schema.ts';
import { openSqliteDatabase, openSqliteStore } from './sqlite.ts';
import type { Store } from './store.ts';

const folder = mkdtempSync(join(tmpdir(), 'postern-migrate-'));
const noServer = missing('postgresql');
let server: PostgresqlServer;
before(async () => {
  if (!noServer) server = await startPostgresql();
});
after(async () => {
  rmSync(folder, { recursive: true, force: true });
  await server?.close();
});

interface Kind {
  readonly name: string;
  readonly skip: string | false;
  place(): Promise<string>;
  openDatabase(place: string): Promise<Kysely<Schema>>;
  openStore(place: string): Promise<Store>;
}

let files = 0;
const kinds: readonly Kind[] = [
  {
    name: 'sqlite',
    skip: false,
    place: async () => join(folder, `${files++}.db`),
    openDatabase: async (file) => openSqliteDatabase(file),
    openStore: openSqliteStore,
  },
  {
    name: 'postgresql',
    skip: noServer,
    place: () => server.newDatabase(),
    openDatabase: openPostgresqlDatabase,
    openStore: openPostgresqlStore,
  },
];

const names = Object.keys(migrations);

for (const kind of kinds) {
  for (const version of names) {
    test(`${kind.name}: a store as of ${version} is opened with all its rows`, { skip: kind.skip }, async () => {
      const place = await kind.place();
      const db = await kind.openDatabase(place);
      await migrate(db, place, version);
      assert.deepEqual(await appliedMigrations(db), names.slice(0, names.indexOf(version) + 1));
      await insertSampleRows(db);
      const before = await readAll(db);
      await db.destroy();

      const store = await kind.openStore(place);
      try {
        assert.deepEqual(await appliedMigrations(store.db), names);
        const now = await readAll(store.db);
        for (const [table, rows] of Object.entries(before)) {
          for (const row of rows) {
            const kept = now[table]?.some((other) =>
              Object.entries(row).every(([name, value]) => other[name] === value),
            );
            assert.ok(kept, `${table} lacks ${JSON.stringify(row)}`);
          }
        }
        await store.transaction(async (tx) => tx.record({ kind: 'key', id: 'gone', value: null }));
        assert.equal((await store.changes.head()).number, 2);
      } finally {
        await store.close();
      }
    });
  }
}
