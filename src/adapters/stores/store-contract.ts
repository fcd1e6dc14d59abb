/** What every kind of store has to do. */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import type { ChangeEvent } from '../../core/events.ts';
import { never } from '../../core/revocation.ts';
import type { EntityChange } from '../../core/snapshot.ts';
import { type Clock, ManualClock } from '../../platform/clock.ts';
import { joinTransactions } from './join-transactions.ts';
import { StoreError } from './migrate.ts';
import type { Store } from './store.ts';

/** A kind of store to be tried. */
export interface StoreKind {
  readonly name: string;
  /** Why it can't be tried here; false = it can. */
  readonly skip: string | false;
  /** How many can be open in one process at the same place: SQLite waits for another one with all of the process. */
  readonly nodes: 1 | 2;
  /** Where a store can be made that nobody else has. */
  newPlace(): Promise<string>;
  open(place: string, clock: Clock): Promise<Store>;
}

const key = (id: string, applicationId: string | null = 'app'): EntityChange => ({
  kind: 'key',
  id,
  value: applicationId === null ? null : { consumerKey: id, applicationId, keyType: 'PRODUCTION' },
});
const revocation = (id: string, expires: number): EntityChange => ({
  kind: 'revocation',
  id,
  value: { type: 'token', issuer: 'i', value: id, expires },
});
const record = (store: Store, ...changes: EntityChange[]) =>
  store.transaction(async (tx) => {
    for (const change of changes) tx.record(change);
  });
const snapshot = async (store: Store) => {
  const { header, entities } = await store.changes.snapshot();
  const all: EntityChange[] = [];
  for await (const entity of entities) all.push(entity);
  return { header, ids: all.map((entity) => `${entity.kind} ${entity.id}`), all };
};

export function storeContract(kind: StoreKind): void {
  const clock = new ManualClock(1_700_000_000_000);
  const stores: Store[] = [];
  const open = async (place?: string) => {
    const store = await kind.open(place ?? (await kind.newPlace()), clock);
    stores.push(store);
    return store;
  };
  after(() => Promise.all(stores.map((store) => store.close())));
  const it = (name: string, run: () => Promise<void>) => void test(`${kind.name}: ${name}`, { skip: kind.skip }, run);

  it('numbers are dense and in commit order; an undone transaction takes none', async () => {
    const store = await open();
    const announced: ChangeEvent[] = [];
    store.changes.onCommit((changes) => announced.push(...changes));
    await record(store, key('a'), key('b'));
    await assert.rejects(
      store.transaction(async (tx) => {
        tx.record(key('c'));
        throw new Error('undone');
      }),
      /undone/,
    );
    await Promise.all([record(store, key('d')), record(store, key('e'), key('a', null))]);
    assert.deepEqual(
      announced.map(({ number, id }) => [number, id]),
      [
        [1, 'a'],
        [2, 'b'],
        [3, 'd'],
        [4, 'e'],
        [5, 'a'],
      ],
    );
    assert.deepEqual(await store.changes.after(0, 100), announced);
    assert.deepEqual(
      (await store.changes.after(2, 2))?.map((event) => event.number),
      [3, 4],
    );
    assert.deepEqual(await store.changes.after(5, 10), []);
    assert.equal(await store.changes.after(6, 10), null, 'a position ahead of the store');
    assert.equal((await store.changes.head()).number, 5);
  });

  it('the head tells of the newest change that revokes all of a subject or client, and of no other', async () => {
    const store = await open();
    const all = (type: 'subject' | 'client' | 'token') =>
      ({ kind: 'revocation', id: `${type}||x`, value: { type, issuer: '', value: 'x', expires: 1 } }) as const;
    const revokedAll = async () => (await store.head()).revokedAll;
    await record(store, key('a'), all('token'));
    assert.equal(await revokedAll(), 0);
    await record(store, all('subject'));
    assert.equal(await revokedAll(), 3);
    await record(store, key('b'), all('token'));
    assert.equal(await revokedAll(), 3);
    await record(store, all('client'), key('c'));
    assert.equal(await revokedAll(), 7);
  });

  it('a position is of this history if its change was decided when it says; what is not known passes', async () => {
    const store = await open();
    const { number } = await store.changes.head();
    assert.equal(await store.changes.has({ epoch: 'e', number, at: 1 }), true, 'nothing has this number');
    await record(store, key('a'));
    const { header } = await store.changes.snapshot();
    assert.equal(header.at, clock.now());
    assert.equal(await store.changes.has(header), true);
    assert.equal(await store.changes.has({ ...header, at: undefined }), true);
    assert.equal(await store.changes.has({ ...header, at: clock.now() + 1 }), false);
    const [change] = (await store.changes.after(0, 1)) ?? [];
    assert.equal(change?.at, clock.now());
  });

  it('of several changes of one entity in a transaction the last one is the present state', async () => {
    const store = await open();
    await record(store, key('a', 'first'), key('a', null), key('a', 'last'), key('b'), key('b', null));
    const { all, header } = await snapshot(store);
    assert.equal(header.number, 5);
    assert.deepEqual(all, [key('a', 'last')]);
  });

  it('many changes in one transaction keep their order and all arrive', async () => {
    const store = await open();
    const many = Array.from({ length: 1234 }, (_, at) => key(`k${at}`));
    await record(store, ...many);
    assert.deepEqual(
      (await store.changes.after(0, 5000))?.map((event) => event.id),
      many.map((change) => change.id),
    );
    assert.equal((await snapshot(store)).ids.length, 1234);
  });

  it('a commit while changes are read looks like no gap', async () => {
    const store = await open();
    let at = 0;
    for (let round = 0; round < 50; round++) {
      const [, changes] = await Promise.all([record(store, key(`k${round}`)), store.changes.after(at, 10)]);
      assert.notEqual(changes, null);
      at += changes?.length ?? 0;
    }
  });

  it('trimming removes old changes and expired revocations, and nothing else', async () => {
    const store = await open();
    const now = clock.now() / 1000;
    await record(
      store,
      key('a'),
      revocation('old', now - 10),
      revocation('live', now + 100),
      revocation('never', never),
    );
    await store.changes.trim(clock.now());
    assert.deepEqual((await snapshot(store)).ids, ['key a', 'revocation live', 'revocation never']);
    assert.notEqual(await store.changes.after(0, 10), null);
    clock.advance(1);
    await store.changes.trim(clock.now());
    assert.equal(await store.changes.after(0, 10), null, 'only a snapshot helps now');
    assert.deepEqual(await store.changes.after(4, 10), []);
    await record(store, key('b'));
    assert.deepEqual(
      (await store.changes.after(4, 10))?.map((event) => event.number),
      [5],
    );
  });

  it('trimming does not read the revocations that are alive', async () => {
    const store = await open();
    await record(store, ...Array.from({ length: 3000 }, (_, at) => revocation(`r${at}`, at < 2500 ? 1 : never)));
    await store.changes.trim(clock.now());
    assert.equal((await snapshot(store)).ids.length, 500);
  });

  it('a reopened store has its epoch, numbers and entities; another one has another epoch', async () => {
    const place = await kind.newPlace();
    const first = await kind.open(place, clock);
    await record(first, key('a'));
    const before = await first.changes.head();
    await first.close();
    const again = await open(place);
    assert.deepEqual(await again.changes.head(), before);
    assert.deepEqual((await snapshot(again)).ids, ['key a']);
    assert.notEqual((await (await open()).changes.head()).epoch, before.epoch);
  });

  it('a store of a newer version is refused', async () => {
    const place = await kind.newPlace();
    const store = await kind.open(place, clock);
    await store.db
      .withTables<{ kysely_migration: { name: string; timestamp: string } }>()
      .insertInto('kysely_migration')
      .values({ name: '9999-future', timestamp: '' })
      .execute();
    await store.close();
    await assert.rejects(
      kind.open(place, clock),
      (error) => error instanceof StoreError && /newer/.test(error.message),
    );
  });

  it('joined transactions: one commit for many, each with its own result', async () => {
    const store = await open();
    const commits: number[] = [];
    store.changes.onCommit((changes) => commits.push(changes.length));
    const write = joinTransactions(store, 0);
    const results = await Promise.all(
      Array.from({ length: 100 }, (_, at) =>
        write(async (tx) => {
          tx.record(key(`k${at}`));
          return at;
        }),
      ),
    );
    assert.deepEqual(results, [...Array(100).keys()]);
    assert.deepEqual(commits, [100]);
  });

  it('joined transactions: only the one that fails is undone', async () => {
    const store = await open();
    const write = joinTransactions(store, 1);
    const settled = await Promise.allSettled(
      Array.from({ length: 10 }, (_, at) =>
        write(async (tx) => {
          await tx.db
            .insertInto('meta')
            .values({ key: `k${at}`, value: '' })
            .execute();
          tx.record(key(`k${at}`));
          if (at === 3) throw new Error('mine');
        }),
      ),
    );
    assert.deepEqual(
      settled.map((one) => one.status === 'fulfilled'),
      settled.map((_, at) => at !== 3),
    );
    assert.equal((await snapshot(store)).ids.length, 9);
    const rows = await store.db.selectFrom('meta').select('key').where('key', 'like', 'k%').execute();
    assert.equal(rows.length, 9);
    await write(async (tx) => tx.record(key('later')));
  });

  it('a query in a transaction that goes to the store itself is refused, and undoes it', async () => {
    const store = await open();
    const wrong = store.transaction(async (tx) => {
      tx.record(key('a'));
      await store.db.selectFrom('head').selectAll().execute();
    });
    await assert.rejects(wrong, /use the transaction's own db/);
    const nested = store.transaction(() => store.transaction(async () => {}));
    await assert.rejects(nested, /use the transaction's own db/);
    assert.equal((await store.changes.head()).number, 0);
  });

  it('transactions take turns: what one has read stays true until it has written', async () => {
    const place = await kind.newPlace();
    const a = await open(place);
    const b = kind.nodes === 2 ? await open(place) : a;
    const count = (store: Store) =>
      store.transaction(async ({ db }) => {
        const row = await db.selectFrom('meta').select('value').where('key', '=', 'count').executeTakeFirst();
        const value = String(Number(row?.value ?? 0) + 1);
        await db
          .insertInto('meta')
          .values({ key: 'count', value })
          .onConflict((c) => c.column('key').doUpdateSet({ value }))
          .execute();
      });
    await Promise.all(Array.from({ length: 40 }, (_, at) => count(at % 2 ? a : b)));
    const row = await a.db.selectFrom('meta').select('value').where('key', '=', 'count').executeTakeFirstOrThrow();
    assert.equal(row.value, '40');
  });

  it('a database that is put back to an earlier state beneath the store: what is decided from then on is announced', async () => {
    const store = await open();
    const announced: number[] = [];
    store.changes.onCommit((changes) => announced.push(...changes.map(({ number }) => number)));
    await record(store, key('a'), key('b'), key('c'));
    await store.db.deleteFrom('changes').where('number', '>', 1).execute();
    await store.db.updateTable('head').set({ number: 1 }).execute();
    assert.equal((await store.changes.head()).number, 1);
    await record(store, key('d'));
    assert.deepEqual(announced, [1, 2, 3, 2]);
  });
}
