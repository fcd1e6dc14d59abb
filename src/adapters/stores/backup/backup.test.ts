import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { gunzipSync, gzipSync } from 'node:zlib';
import { type PostgresqlServer, startPostgresql } from '../../../../test/support/postgresql.ts';
import { insertSampleRows, readAll } from '../../../../test/support/sample-rows.ts';
import { missing } from '../../../../test/support/servers.ts';
import { ManualClock } from '../../../platform/clock.ts';
import { createApplication } from '../applications.ts';
import { expelGateway, listExpulsions } from '../gateways.ts';
import { openPostgresqlStore } from '../postgresql.ts';
import { openSqliteStore } from '../sqlite.ts';
import type { Store } from '../store.ts';
import { BackupError } from './format.ts';
import { keepExpulsions, readExpulsions } from './keep-expulsions.ts';
import type { StorePlace } from './place.ts';
import { postgresqlPlace } from './postgresql-place.ts';
import { inspectBackup, restoreBackup } from './restore-backup.ts';
import { sqlitePlace } from './sqlite-place.ts';
import { type WriteBackupOptions, writeBackup } from './write-backup.ts';

const folder = mkdtempSync(join(tmpdir(), 'postern-backup-'));
const noServer = missing('postgresql');
let server: PostgresqlServer;
before(async () => {
  if (!noServer) server = await startPostgresql();
});
after(async () => {
  await server?.close();
  rmSync(folder, { recursive: true, force: true });
});

let files = 0;
const newFile = () => join(folder, String(files++));
const written = (more: Partial<WriteBackupOptions> = {}): WriteBackupOptions => ({
  force: false,
  writtenBy: '1.2.3',
  files: [],
  now: () => 1_700_000_000_000,
  ...more,
});

interface Kind {
  readonly name: 'sqlite' | 'postgresql';
  readonly skip: string | false;
  newPlace(): Promise<string>;
  openStore(place: string): Promise<Store>;
  openPlace(place: string): Promise<StorePlace>;
}
const sqlite: Kind = {
  name: 'sqlite',
  skip: false,
  newPlace: async () => `${newFile()}.db`,
  openStore: openSqliteStore,
  openPlace: async (file) => sqlitePlace(file),
};
const postgresql: Kind = {
  name: 'postgresql',
  skip: noServer,
  newPlace: () => server.newDatabase(),
  openStore: openPostgresqlStore,
  openPlace: postgresqlPlace,
};

async function withStore<T>(kind: Kind, place: string, work: (store: Store) => Promise<T>): Promise<T> {
  const store = await kind.openStore(place);
  try {
    return await work(store);
  } finally {
    await store.close();
  }
}

async function backUp(kind: Kind, place: string, more?: Partial<WriteBackupOptions>) {
  const file = newFile();
  const from = await kind.openPlace(place);
  try {
    return { file, ...(await writeBackup(from, file, written(more))) };
  } finally {
    await from.close();
  }
}

async function restore(kind: Kind, place: string, file: string, finish: () => Promise<void> = async () => {}) {
  const to = await kind.openPlace(place);
  try {
    await restoreBackup(to, file, await inspectBackup(file), finish);
  } finally {
    await to.close();
  }
}

const application = (name: string) => ({
  id: name,
  tenant: 'carbon.super',
  name,
  owner: 'admin@carbon.super',
  tier: 'Unlimited',
  tokenType: 'JWT' as const,
  createdAt: 1,
});

for (const from of [sqlite, postgresql]) {
  for (const to of [sqlite, postgresql]) {
    test(`${from.name} to ${to.name}: every row of every table arrives, with another epoch`, {
      skip: from.skip || to.skip,
    }, async () => {
      const place = await from.newPlace();
      const before = await withStore(from, place, async ({ db, changes }) => {
        await insertSampleRows(db);
        return { rows: await readAll(db), head: await changes.head() };
      });
      const { file, header } = await backUp(from, place);
      assert.equal(header.engine, from.name);
      const other = await to.newPlace();
      await restore(to, other, file);
      const now = await withStore(to, other, async ({ db, changes }) => ({
        rows: await readAll(db),
        head: await changes.head(),
      }));
      assert.notEqual(now.head.epoch, before.head.epoch);
      assert.equal(now.head.number, before.head.number);
      for (const { rows } of [before, now]) rows.meta = rows.meta?.filter(({ key }) => key !== 'epoch') ?? [];
      assert.deepEqual(now.rows, before.rows);
      for (const [table, rows] of Object.entries(now.rows)) assert.ok(rows.length > 0, table);
    });
  }
}

for (const kind of [sqlite, postgresql]) {
  describe(kind.name, { skip: kind.skip }, () => {
    test('what is written while the backup is made is not in it, and does not wait', async () => {
      const place = await kind.newPlace();
      await withStore(kind, place, async (store) => {
        await store.transaction((tx) => createApplication(tx, application('before')));
        let meanwhile: Promise<unknown> | undefined;
        const { file } = await backUp(kind, place, {
          progress: () => {
            meanwhile ??= store.transaction((tx) => createApplication(tx, application('meanwhile')));
          },
        });
        await meanwhile;
        const text = gunzipSync(readFileSync(file)).toString();
        assert.match(text, /"before"/);
        assert.doesNotMatch(text, /"meanwhile"/);
      });
    });

    test('in the place of another store: all of it, or nothing', async () => {
      const [place, other] = [await kind.newPlace(), await kind.newPlace()];
      await withStore(kind, place, (store) => store.transaction((tx) => createApplication(tx, application('mine'))));
      const { file } = await backUp(kind, place);
      await withStore(kind, other, (store) => store.transaction((tx) => createApplication(tx, application('theirs'))));
      const names = () =>
        withStore(kind, other, async ({ db }) =>
          (await db.selectFrom('applications').select('name').execute()).map(({ name }) => name),
        );
      await assert.rejects(
        restore(kind, other, file, async () => {
          throw new Error('in the last moment');
        }),
        /in the last moment/,
      );
      assert.deepEqual(await names(), ['theirs']);
      await restore(kind, other, file);
      assert.deepEqual(await names(), ['mine']);
    });

    test('who was expelled after the backup stays so where its store is replaced, and the newer expulsion counts', async () => {
      const place = await kind.newPlace();
      const [clock, key] = [new ManualClock(5000), 'mark'];
      const expel = (gateway: string, issuedBefore: number) =>
        withStore(kind, place, (store) => store.transaction(async (tx) => expelGateway(tx, { gateway, issuedBefore })));
      await withStore(kind, place, ({ db }) => db.insertInto('meta').values({ key, value: 'ours' }).execute());
      await expel('edge-1', 10);
      await expel('edge-2', 10);
      const { file, header } = await backUp(kind, place);
      await expel('edge-2', 20);
      await expel('edge-3', 30);
      const other = await kind.openPlace(place);
      try {
        assert.deepEqual(await readExpulsions(other, { key, value: 'of another installation' }), []);
        const found = await readExpulsions(other, { key, value: 'ours' });
        assert.equal(found?.length, 3);
        await restoreBackup(other, file, await inspectBackup(file), async (db) => {
          const kept = await keepExpulsions(db, found, clock);
          assert.deepEqual(kept.map(({ gateway }) => gateway).sort(), ['edge-2', 'edge-3']);
        });
      } finally {
        await other.close();
      }
      await withStore(kind, place, async ({ db, changes }) => {
        const now = (await listExpulsions(db)).map(({ gateway, issuedBefore }) => [gateway, issuedBefore]);
        assert.deepEqual(now.sort(), [
          ['edge-1', 10],
          ['edge-2', 20],
          ['edge-3', 30],
        ]);
        assert.equal((await changes.head()).number, header.number + 2, 'nodes hear of them');
      });
    });

    test('numbers of applications that were made after the backup are not given again', async () => {
      const place = await kind.newPlace();
      const make = (name: string) =>
        withStore(kind, place, (store) => store.transaction((tx) => createApplication(tx, application(name))));
      await make('before');
      const { file } = await backUp(kind, place);
      const { ordinal } = await make('lost');
      await restore(kind, place, file);
      const again = await make('after');
      assert.ok(again.ordinal > ordinal, `${again.ordinal} after ${ordinal}`);
    });
  });
}

test('expulsions of a store that is none: none; of one that is damaged: unknown', async () => {
  const mark = { key: 'mark', value: undefined };
  const file = `${newFile()}.db`;
  assert.deepEqual(await readExpulsions(sqlitePlace(file), mark), []);
  writeFileSync(file, 'not a database');
  assert.equal(await readExpulsions(sqlitePlace(file), mark), null);
});

test('a database that another node uses is not replaced', { skip: noServer }, async () => {
  const place = await server.newDatabase();
  await withStore(postgresql, place, async () => {
    const { file } = await backUp(postgresql, place);
    await assert.rejects(restore(postgresql, place, file), /is in use: Postern has \d+ other connections/);
  });
});

test('the file is for its owner only, and one that is there is replaced by force only', async () => {
  const place = await sqlite.newPlace();
  await withStore(sqlite, place, async () => {});
  const { file } = await backUp(sqlite, place);
  assert.equal(statSync(file).mode & 0o777, 0o600);
  const before = readFileSync(file);
  await assert.rejects(writeBackup(sqlitePlace(place), file, written()), /is there already; --force replaces it/);
  assert.deepEqual(readFileSync(file), before);
  await writeBackup(sqlitePlace(place), file, written({ force: true, now: () => 1 }));
  assert.equal((await inspectBackup(file)).header.atMs, 1);
  await assert.rejects(writeBackup(sqlitePlace(`${place}.none`), newFile(), written()), /there is no store/);
  await assert.rejects(writeBackup(sqlitePlace(place), join(place, 'x'), written()), BackupError);
  const nowhere = join(newFile(), 'x');
  await assert.rejects(writeBackup(sqlitePlace(place), nowhere, written()), {
    name: 'BackupError',
    message: `${nowhere} can't be written: there is no folder ${join(nowhere, '..')}`,
  });
  assert.deepEqual(
    readdirSync(folder).filter((name) => name.endsWith('.tmp')),
    [],
  );
});

test('a backup that is not as it was written is refused, whatever was changed', async () => {
  const place = await sqlite.newPlace();
  await withStore(sqlite, place, ({ db }) => insertSampleRows(db));
  const { file } = await backUp(sqlite, place);
  const whole = readFileSync(file);
  const lines = gunzipSync(whole).toString().split('\n');
  const changed = newFile();
  const row = lines.findIndex((line) => line.startsWith('{"type":"row"') && line.includes('😀'));
  const refuses = async (bytes: Buffer, expected: RegExp) => {
    writeFileSync(changed, bytes);
    await assert.rejects(inspectBackup(changed), (error: Error) => {
      assert.ok(error instanceof BackupError, String(error));
      assert.match(error.message, expected);
      return true;
    });
  };
  for (let at = 0; at < whole.length; at += 97) await refuses(whole.subarray(0, at), /is damaged|is no backup/);
  for (let at = 0; at < whole.length; at += 97) {
    // The first ten bytes are gzip's own: flags, a time, a system. Some mean nothing.
    if (at < 10) continue;
    const bytes = Buffer.from(whole);
    bytes[at] = (bytes[at] as number) ^ 0x10;
    await refuses(bytes, /is damaged|is no backup/);
  }
  const packed = (some: string[]) => gzipSync(some.join('\n'));
  await refuses(packed(lines.toSpliced(row, 1)), /expected \d+ rows, got \d+|checksum/);
  await refuses(packed(lines.with(row, (lines[row] as string).replace('😀', '😁'))), /checksum/);
  await refuses(packed(lines.slice(0, -2).concat('')), /has no end/);
  await refuses(packed([...lines.slice(0, -1), lines[row] as string, '']), /goes on after its end/);
  await refuses(packed(lines.with(0, '{"type":"header","header":{"format":"x"}}')), /is no backup/);
  await refuses(packed(lines.with(0, (lines[0] as string).replace('"version":1', '"version":2'))), /version 2/);
  await refuses(
    packed(lines.with(0, (lines[0] as string).replace('"0001-initial"', '"9999-later"'))),
    /a newer Postern, 1\.2\.3 \(its store has 9999-later\)/,
  );
  const { type, header } = JSON.parse(lines[0] as string);
  for (const migrations of [undefined, [], 'x']) {
    const first = JSON.stringify({ type, header: { ...header, migrations } });
    await refuses(packed(lines.with(0, first)), /does not say which store it is of|checksum/);
  }
  await refuses(Buffer.from('not at all'), /is no backup/);
  await assert.rejects(inspectBackup(newFile()), BackupError);
});

test('files are taken from the two folders of secrets only', async () => {
  const place = await sqlite.newPlace();
  await withStore(sqlite, place, async () => {});
  const content = Buffer.from('secret');
  const good = await backUp(sqlite, place, { files: [{ path: 'keys/store.key', content }] });
  assert.deepEqual((await inspectBackup(good.file)).files, new Map([['keys/store.key', content]]));
  for (const path of ['../x', 'keys/../../x', '/etc/x', 'keys/..', 'other/x']) {
    const { file } = await backUp(sqlite, place, { files: [{ path, content }] });
    await assert.rejects(inspectBackup(file), /has a file that is not restored/, path);
  }
});
