import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { sql } from 'kysely';
import { type PostgresqlServer, startPostgresql } from '../../../test/support/postgresql.ts';
import { missing } from '../../../test/support/servers.ts';
import type { EntityChange } from '../../core/snapshot.ts';
import { ManualClock, systemClock } from '../../platform/clock.ts';
import { StoreError } from './migrate.ts';
import { openPostgresqlStore } from './postgresql.ts';
import type { Store, StoreTransaction } from './store.ts';
import { storeContract } from './store-contract.ts';
import { StoreUnavailable } from './unavailable.ts';

const skip = missing('postgresql');
let server: PostgresqlServer;
before(async () => {
  if (!skip) server = await startPostgresql();
});
after(() => server?.close());

storeContract({
  name: 'postgresql',
  skip,
  nodes: 2,
  newPlace: () => server.newDatabase(),
  open: openPostgresqlStore,
});

const key = (id: string): EntityChange => ({
  kind: 'key',
  id,
  value: { consumerKey: id, applicationId: 'app', keyType: 'PRODUCTION' },
});

/** Two nodes on one new database. */
async function twoNodes(): Promise<[Store, Store]> {
  const url = await server.newDatabase();
  const nodes = await Promise.all([openPostgresqlStore(url), openPostgresqlStore(url)]);
  after(() => Promise.all(nodes.map((node) => node.close())));
  return nodes as [Store, Store];
}

/** Resolves when the store has announced changes up to a number; the ids that it announced. */
function announcedUpTo(store: Store, number: number): Promise<string[]> {
  const ids: string[] = [];
  return new Promise((resolve) => {
    const end = store.changes.onCommit((changes) => {
      ids.push(...changes.map(({ id }) => id));
      if ((changes.at(-1)?.number ?? 0) < number) return;
      end();
      resolve(ids);
    });
  });
}

test('what waits for its turn sees what was committed meanwhile, whatever isolation the database prefers', {
  skip,
}, async () => {
  const url = await server.newDatabase();
  const name = new URL(url).pathname.slice(1);
  const first = await openPostgresqlStore(url);
  await sql`alter database ${sql.id(name)} set default_transaction_isolation = 'serializable'`.execute(first.db);
  const second = await openPostgresqlStore(url);
  after(() => Promise.all([first.close(), second.close()]));
  const begun = Promise.withResolvers<void>();
  const go = Promise.withResolvers<void>();
  const writing = first.transaction(async (tx) => {
    tx.record(key('a'));
    begun.resolve();
    await go.promise;
  });
  await begun.promise;
  const seen = second.transaction(({ db }) => db.selectFrom('head').select('number').executeTakeFirstOrThrow());
  const waiting = sql<{
    n: number;
  }>`select count(*)::int as n from pg_locks where locktype = 'advisory' and not granted`;
  while ((await waiting.execute(second.db)).rows[0]?.n !== 1);
  go.resolve();
  await writing;
  assert.equal((await seen).number, 1);
});

test('each node announces what the other commits, in order and without being asked', { skip }, async () => {
  const [a, b] = await twoNodes();
  const total = 60;
  const heard = Promise.all([announcedUpTo(a, total), announcedUpTo(b, total)]);
  const write = async (store: Store, name: string) => {
    for (let at = 0; at < total / 2; at++) await store.transaction(async (tx) => tx.record(key(`${name}${at}`)));
  };
  await Promise.all([write(a, 'a'), write(b, 'b')]);
  const [atA, atB] = await heard;
  assert.deepEqual(atA, atB);
  assert.deepEqual(
    atA,
    (await a.changes.after(0, 100))?.map(({ id }) => id),
  );
});

test('a notification says nothing but that it is time to look: whoever may connect may send one', {
  skip,
}, async () => {
  const [a, b] = await twoNodes();
  for (const [at, nonsense] of ['x', 'x 999999999999', '', ' -1'].entries()) {
    await sql`select pg_notify('postern_changes', ${nonsense})`.execute(b.db);
    const heard = Promise.all([announcedUpTo(a, at * 2 + 2), announcedUpTo(b, at * 2 + 2)]);
    await a.transaction(async (tx) => tx.record(key(`a${at}`)));
    await b.transaction(async (tx) => tx.record(key(`b${at}`)));
    assert.deepEqual(await heard, [
      [`a${at}`, `b${at}`],
      [`a${at}`, `b${at}`],
    ]);
  }
});

test('who asks for a number first and commits last loses nothing: numbers are in the order of commits', {
  skip,
}, async () => {
  const [a, b] = await twoNodes();
  const reached = Promise.withResolvers<StoreTransaction>();
  const goOn = Promise.withResolvers<void>();
  const first = a.transaction(async (tx) => {
    tx.record(key('first'));
    reached.resolve(tx);
    await goOn.promise;
  });
  await reached.promise;
  // It waits until the first one is done, whatever the order in which they would have liked to commit.
  const second = b.transaction(async (tx) => tx.record(key('second')));
  const meanwhile = await b.changes.after(0, 10);
  goOn.resolve();
  await Promise.all([first, second]);
  assert.deepEqual(meanwhile, []);
  assert.deepEqual(
    (await b.changes.after(0, 10))?.map(({ number, id }) => [number, id]),
    [
      [1, 'first'],
      [2, 'second'],
    ],
  );
});

test('a process that falls silent in a transaction keeps others waiting for a few seconds only', { skip }, async () => {
  const [a, b] = await twoNodes();
  const never = Promise.withResolvers<void>();
  const reached = Promise.withResolvers<void>();
  const silent = a.transaction(async (tx) => {
    await sql`select 1`.execute(tx.db);
    reached.resolve();
    await never.promise;
    tx.record(key('silent'));
  });
  silent.catch(() => {});
  await reached.promise;
  await b.transaction(async (tx) => tx.record(key('patient')));
  never.resolve();
  await assert.rejects(silent);
  assert.deepEqual(
    (await b.changes.after(0, 10))?.map(({ id }) => id),
    ['patient'],
  );
});

test('after a crash of the server both nodes go on, with every number and the same epoch', { skip }, async () => {
  const [a, b] = await twoNodes();
  const known = announcedUpTo(b, 1);
  await a.transaction(async (tx) => tx.record(key('before')));
  await known;
  const before = await a.changes.head();
  await server.end('SIGKILL');
  await assert.rejects(a.transaction(async (tx) => tx.record(key('lost'))));
  await assert.rejects(b.changes.head(), (error: Error) => error instanceof StoreUnavailable && error.status === 503);
  await server.start();
  const heard = announcedUpTo(b, 2);
  await a.transaction(async (tx) => tx.record(key('after')));
  assert.deepEqual(await heard, ['after']);
  assert.deepEqual(await b.changes.head(), { epoch: before.epoch, number: 2 });
});

test('while the server is away one line says why, and one when it is back', { skip }, async () => {
  const lines: unknown[][] = [];
  const note = (level: string) => (fields: object, message: string) => void lines.push([level, fields, message]);
  const log = { debug: note('debug'), info: note('info'), warn: note('warn'), error: note('error') };
  const clock = new ManualClock(5_000_000);
  const url = (await server.newDatabase()).replace('postern@', 'postern:hush@');
  const store = await openPostgresqlStore(url, clock, log);
  const asks = () => Promise.allSettled(Array.from({ length: 20 }, () => store.changes.head()));
  await asks();
  assert.equal(lines.length, 0);
  await server.end('SIGINT');
  const failed = [...(await asks()), ...(await asks())];
  assert.ok(failed.every(({ status }) => status === 'rejected'));
  assert.deepEqual(
    lines.map(([level]) => level),
    ['error'],
  );
  assert.match(JSON.stringify(lines), /"reason":"[^"]+".*the database can not be reached/);
  await server.start();
  await asks();
  assert.equal(lines.length, 1, 'others may still fail');
  clock.advance(2000);
  await asks();
  assert.deepEqual(lines.at(-1)?.slice(0, 1).concat(lines.at(-1)?.[2]), ['warn', 'the database is back']);
  await store.close();
  await asks();
  assert.equal(lines.length, 2, 'a store that is closed is not away');
  assert.doesNotMatch(JSON.stringify(lines), /hush|stack/);
});

const nothing = () => {};

test('what can not be used says why, without the password', { skip }, async () => {
  await server.query(`create database latin encoding 'LATIN1' locale 'C' template template0`);
  for (const [url, expected] of [
    [`postgresql://postern:hush@127.0.0.1:${server.port}/none`, /database "none" does not exist/],
    [`postgresql://postern:hush@127.0.0.1:${server.port}/latin`, /encoding LATIN1; expected a database in UTF8/],
    ['postgresql://postern:hush@127.0.0.1:1/x', /ECONNREFUSED/],
  ] as const) {
    const log = { debug: nothing, info: nothing, warn: nothing, error: () => assert.fail('it is said once') };
    await assert.rejects(openPostgresqlStore(url, systemClock, log), (error: Error) => {
      assert.ok(error instanceof StoreError);
      assert.match(error.message, expected);
      assert.doesNotMatch(error.message, /hush/);
      return true;
    });
  }
});
