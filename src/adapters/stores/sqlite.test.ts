import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, type TestContext, test } from 'node:test';
import { sql } from 'kysely';
import { openSqliteStore } from './sqlite.ts';
import { storeContract } from './store-contract.ts';

const folder = mkdtempSync(join(tmpdir(), 'postern-store-'));
after(() => rmSync(folder, { recursive: true, force: true }));
let files = 0;

storeContract({
  name: 'sqlite',
  skip: false,
  nodes: 1,
  newPlace: async () => join(folder, `${files++}.db`),
  open: openSqliteStore,
});

test('statements in use stay prepared, however many others there were', async (t) => {
  const store = await openSqliteStore(':memory:');
  t.after(() => store.close());
  const prepare = t.mock.method(DatabaseSync.prototype, 'prepare');
  const ask = (number: number) => sql.raw(`SELECT ${number}`).execute(store.db);
  for (let number = 0; number < 600; number++) {
    await ask(number);
    await ask(-1);
  }
  assert.equal(prepare.mock.callCount(), 601);
  for (let again = 0; again < 10; again++) await ask(-1);
  await ask(101);
  assert.equal(prepare.mock.callCount(), 601);
  await ask(0);
  assert.equal(prepare.mock.callCount(), 602, 'the oldest is gone');
});

test('503 that says why while there is no space, and writes again when there is', async (t) => {
  const store = await openSqliteStore(join(folder, 'full.db'));
  t.after(() => store.close());
  const write = (key: string) =>
    store.transaction(async ({ db, record }) => {
      await db
        .insertInto('meta')
        .values({ key, value: key.repeat(100_000) })
        .execute();
      record({ kind: 'api', id: key, value: null });
    });
  await write('before');
  assert.equal(await store.writeProblem?.(), null);
  await sql`PRAGMA max_page_count = 1`.execute(store.db);
  await assert.rejects(write('during'), (error: Error & { status?: number }) => {
    assert.equal(error.status, 503);
    assert.match(error.message, /no space left on its disk \(SQLITE_FULL\)\. Nothing was changed/);
    assert.match((error.cause as Error).message, /full/);
    return true;
  });
  assert.match((await store.writeProblem?.()) ?? '', /no space left/);
  assert.ok(await store.db.selectFrom('meta').selectAll().where('key', '=', 'before').executeTakeFirst());
  await sql`PRAGMA max_page_count = 1000000`.execute(store.db);
  assert.equal(await store.writeProblem?.(), null);
  await write('after');
  const keys = await store.db.selectFrom('meta').select('key').where('key', 'in', ['during', 'write-check']).execute();
  assert.deepEqual(keys, []);
  assert.equal((await store.changes.head()).number, 2, 'what failed has no number');
});

/** A file system of its own, a few megabytes large; null where we may not mount one. */
function smallDisk(t: TestContext): string | null {
  const disk = join(folder, 'disk');
  mkdirSync(disk);
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=4m', 'tmpfs', disk], { stdio: 'ignore' });
  } catch {
    return null;
  }
  t.after(() => execFileSync('umount', ['-l', disk]));
  return disk;
}

test('a full disk is named, also where SQLite has rolled back by itself', async (t) => {
  const disk = smallDisk(t);
  if (disk === null) return t.skip('needs to mount a tmpfs');
  const store = await openSqliteStore(join(disk, 'store.db'));
  t.after(() => store.close());
  const write = (key: string) =>
    store.transaction(({ db }) =>
      db
        .insertInto('meta')
        .values({ key, value: key.repeat(100_000) })
        .execute(),
    );
  try {
    writeFileSync(join(disk, 'fill'), Buffer.alloc(8 << 20));
  } catch {
    // It takes what there is.
  }
  for (const key of ['a', 'b']) await assert.rejects(write(key), { name: 'StoreNotWritable', status: 503 });
  assert.match((await store.writeProblem?.()) ?? '', /no space left/);
  rmSync(join(disk, 'fill'));
  await write('c');
  assert.equal(await store.writeProblem?.(), null);
  assert.deepEqual(
    (await store.db.selectFrom('meta').select('key').where('key', 'in', ['a', 'b', 'c']).execute()).map(
      ({ key }) => key,
    ),
    ['c'],
  );
});
