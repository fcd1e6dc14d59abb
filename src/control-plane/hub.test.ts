import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { EventEmitter, once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import https from 'node:https';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { type HubOptions, key, revoked, startHub, type TestHub } from '../../test/support/hub.ts';
import { openSqliteStore } from '../adapters/stores/sqlite.ts';
import type { ChangeLog } from '../adapters/stores/store.ts';
import { type ChangeEvent, formatPosition, type HubEvent, type Position } from '../core/events.ts';
import { ManualClock } from '../platform/clock.ts';

async function hubFor(t: TestContext, options: HubOptions = {}): Promise<TestHub> {
  const hub = await startHub(options);
  t.after(() => hub.remove());
  return hub;
}

async function get(hub: TestHub, path: string, options: https.RequestOptions = {}): Promise<IncomingMessage> {
  const { ca, gateway } = hub.certificates;
  const request = https.get(`${hub.url}/internal/data/v1/${path}`, { ca, ...gateway, agent: false, ...options });
  request.on('error', () => {});
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  response.on('error', () => {});
  return response;
}

async function text(response: IncomingMessage): Promise<string> {
  let all = '';
  for await (const chunk of response) all += chunk;
  return all;
}

/** Reads events one by one. */
class Events {
  readonly response: IncomingMessage;
  readonly #events: AsyncGenerator<HubEvent>;

  constructor(response: IncomingMessage) {
    this.response = response;
    this.#events = lines(response);
  }

  /** But for the time of a change. */
  async next(): Promise<HubEvent | null> {
    const { done, value } = await this.#events.next();
    if (done) return null;
    if (value.type !== 'change') return value;
    const { at: _, ...event } = value;
    return event as HubEvent;
  }

  /** The next one that is no heartbeat. */
  async change(): Promise<HubEvent | null> {
    for (;;) {
      const event = await this.next();
      if (event?.type !== 'head') return event;
    }
  }
}

async function* lines(response: IncomingMessage): AsyncGenerator<HubEvent> {
  let rest = '';
  for await (const chunk of response) {
    const parts = (rest + chunk).split('\n');
    rest = parts.pop() ?? '';
    for (const part of parts) yield JSON.parse(part) as HubEvent;
  }
}

/** The same log, in a form whose parts a test can replace. */
function through(changes: ChangeLog): ChangeLog {
  return {
    head: () => changes.head(),
    has: (position) => changes.has(position),
    after: (number, limit) => changes.after(number, limit),
    snapshot: () => changes.snapshot(),
    onCommit: (listener) => changes.onCommit(listener),
    trim: (olderThanMs) => changes.trim(olderThanMs),
  };
}

async function follow(hub: TestHub, number: number): Promise<Events> {
  const { epoch } = await hub.store.changes.head();
  return new Events(await get(hub, `events?after=${formatPosition({ epoch, number })}`));
}

test('the head first, then what was missed, then what commits', async (t) => {
  const hub = await hubFor(t);
  const { epoch } = await hub.store.changes.head();
  await hub.commit(key('one'), key('two'));
  await hub.commit(key('three'));
  const events = await follow(hub, 1);
  assert.equal(events.response.headers['content-type'], 'application/x-ndjson');
  assert.deepEqual(await events.next(), { type: 'head', epoch, number: 3 });
  assert.deepEqual(await events.next(), { type: 'change', number: 2, ...key('two') });
  assert.deepEqual(await events.next(), { type: 'change', number: 3, ...key('three') });
  await hub.commit({ kind: 'key', id: 'one', value: null });
  assert.deepEqual(await events.next(), { type: 'change', number: 4, kind: 'key', id: 'one', value: null });
});

test('a change reaches its readers before the heartbeat that counts it, which comes by itself', async (t) => {
  const hub = await hubFor(t, { heartbeat: 10 });
  const { epoch } = await hub.store.changes.head();
  const events = await follow(hub, 0);
  for (const _ of [1, 2, 3]) assert.deepEqual(await events.next(), { type: 'head', epoch, number: 0 });
  await hub.commit(key('one'));
  assert.equal((await events.change())?.type, 'change');
  assert.deepEqual(await events.next(), { type: 'head', epoch, number: 1 });
});

test('the hub tells whose streams are open, what they were sent and what they lack; nobody who is gone', async (t) => {
  const clock = new ManualClock(Date.UTC(2030, 0, 1));
  const hub = await hubFor(t, { clock, heartbeat: 10 });
  assert.deepEqual(hub.readers(), []);
  await hub.commit(key('one'));
  const events = await follow(hub, 0);
  await events.change();
  const [reader, ...more] = hub.readers();
  const { address, ...rest } = reader ?? assert.fail();
  const { subject, serialNumber, fingerprint256 } = new X509Certificate(hub.certificates.gateway.cert);
  assert.deepEqual(rest, {
    name: /CN=(.*)/.exec(subject)?.[1],
    serial: serialNumber,
    fingerprint: fingerprint256,
    since: clock.now(),
    sent: 1,
    lag: 0,
  });
  assert.match(address, /^127\.0\.0\.1:\d+$/);
  assert.deepEqual(more, []);
  await hub.commit(key('two'));
  assert.equal(hub.readers()[0]?.sent, 2);
  events.response.destroy();
  await hub.commit(key('three'));
  for (let looks = 0; hub.readers().length > 0; looks++) {
    assert.ok(looks < 1000);
    await new Promise(setImmediate);
  }
});

test('400 when the position is missing or malformed', async (t) => {
  const hub = await hubFor(t);
  for (const query of ['', '?after=', '?after=7', '?after=a:b', '?after=e:1&after=e:2']) {
    const response = await get(hub, `events${query}`);
    assert.equal(response.statusCode, 400);
    assert.match(await text(response), /\\"after\\" must be a position: epoch:number/);
  }
});

test('403 without the certificate of a gateway', async (t) => {
  const hub = await hubFor(t);
  const nobody = { cert: undefined, key: undefined };
  for (const identity of [nobody, hub.certificates.server]) {
    for (const path of ['events?after=e:1', 'snapshot']) {
      const response = await get(hub, path, identity);
      assert.equal(response.statusCode, 403);
      assert.match(await text(response), /Only enrolled gateways/);
    }
  }
});

test('405 when it is not asked with GET', async (t) => {
  const hub = await hubFor(t);
  for (const method of ['HEAD', 'POST']) assert.equal((await get(hub, 'events?after=e:1', { method })).statusCode, 405);
});

test('a position of another epoch, of another time, above the head or below the log gets a reload and the end', async (t) => {
  const clock = new ManualClock(Date.UTC(2030, 0, 1));
  const hub = await hubFor(t, { clock });
  await hub.commit(key('one'), key('two'));
  clock.advance(1000);
  await hub.commit(key('three'));
  await hub.store.changes.trim(clock.now());
  const { epoch } = await hub.store.changes.head();
  for (const after of ['other:1', `${epoch}:3:1`, `${epoch}:4`, `${epoch}:1`, `${epoch}:0`]) {
    const events = new Events(await get(hub, `events?after=${after}`));
    assert.deepEqual(await events.change(), { type: 'reload', epoch, number: 3 });
    assert.equal(await events.next(), null);
  }
  assert.deepEqual(await (await follow(hub, 2)).change(), { type: 'change', number: 3, ...key('three') });
});

test('no gap and no duplicate for readers that come while commits go on', async (t) => {
  const hub = await hubFor(t);
  const total = 600;
  const commits = (async () => {
    for (let n = 0; n < total; n += 3) await hub.commit(key(`k${n}`), key(`k${n + 1}`), key(`k${n + 2}`));
  })();
  const readers: Promise<number[]>[] = [];
  const read = async (): Promise<number[]> => {
    const events = await follow(hub, 0);
    const numbers: number[] = [];
    while (numbers.length < total) {
      const event = await events.change();
      assert.ok(event);
      numbers.push(event.number);
    }
    events.response.destroy();
    return numbers;
  };
  while (((await hub.store.changes.head()).number as number) < total && readers.length < 12) {
    readers.push(read());
    await hub.commit({ kind: 'policy', id: 'x', value: null });
  }
  await commits;
  const expected = Array.from({ length: total }, (_, at) => at + 1);
  for (const numbers of await Promise.all(readers)) assert.deepEqual(numbers, expected);
});

test('what commits while a reader is sent what it missed is sent too', async (t) => {
  const reading = new EventEmitter();
  let gate = Promise.resolve();
  const hub = await hubFor(t, {
    // No heartbeat that could repair it.
    heartbeat: 60_000,
    wrap: (changes) => ({
      ...through(changes),
      async after(number, limit) {
        const page = await changes.after(number, limit);
        reading.emit('page');
        await gate;
        return page;
      },
    }),
  });
  await hub.commit(key('one'));
  const { promise, resolve } = Promise.withResolvers<void>();
  gate = promise;
  const read = once(reading, 'page');
  const events = await follow(hub, 0);
  await read;
  await hub.commit(key('two'));
  resolve();
  for (const number of [1, 2]) assert.equal((await events.change())?.number, number);
  await hub.commit(key('three'));
  assert.equal((await events.change())?.number, 3);
});

test('heartbeats come also when every commit has to be fetched from the log', async (t) => {
  const hub = await hubFor(t, {
    heartbeat: 50,
    // Nothing is announced, as when another process commits and its news are lost.
    wrap: (changes) => ({ ...through(changes), onCommit: () => () => {} }),
  });
  const events = await follow(hub, 0);
  const seen: string[] = [];
  for (let number = 1; number <= 4; number++) {
    await hub.commit(key(`k${number}`));
    for (;;) {
      const event = await events.next();
      if (event?.type === 'change') seen.push(`change ${event.number}`);
      if (event?.type === 'head' && event.number === number) break;
    }
  }
  assert.deepEqual(seen, ['change 1', 'change 2', 'change 3', 'change 4']);
});

test('commits that are announced late or out of order come once and in order', async (t) => {
  let announce: (changes: readonly ChangeEvent[]) => void = () => {};
  const hub = await hubFor(t, {
    heartbeat: 60_000,
    wrap: (changes) => ({
      ...through(changes),
      onCommit(listener) {
        announce = listener;
        return () => {};
      },
    }),
  });
  const events = await follow(hub, 0);
  const head = await events.next();
  assert.equal(head?.type, 'head');
  const numbered = (number: number): ChangeEvent => ({ type: 'change', number, ...key(`k${number}`) });
  for (const number of [1, 2, 3]) await hub.commit(key(`k${number}`));
  announce([numbered(3)]);
  for (const number of [1, 2, 3]) assert.deepEqual(await events.next(), numbered(number));
  announce([numbered(1)]);
  announce([numbered(2)]);
  await hub.commit(key('k4'));
  await hub.commit(key('k5'));
  announce([numbered(3), numbered(4)]);
  announce([numbered(5)]);
  for (const number of [4, 5]) assert.deepEqual(await events.next(), numbered(number));
});

test('changes that another process commits come with the next heartbeat', async (t) => {
  const hub = await hubFor(t, { heartbeat: 20 });
  const events = await follow(hub, 0);
  await events.next();
  const other = await openSqliteStore(join(hub.dir, 'postern.db'));
  await other.transaction(async (tx) => tx.record(key('elsewhere')));
  await other.close();
  assert.deepEqual(await events.change(), { type: 'change', number: 1, ...key('elsewhere') });
  await hub.commit(key('here'));
  assert.deepEqual(await events.change(), { type: 'change', number: 2, ...key('here') });
});

test('no heartbeat while the store can not say its head: silence is what gateways count', async (t) => {
  const failures = new EventEmitter();
  let broken = false;
  const hub = await hubFor(t, {
    heartbeat: 10,
    wrap: (changes) => ({
      ...through(changes),
      async head() {
        if (!broken) return changes.head();
        failures.emit('failure');
        throw new Error('no database');
      },
    }),
  });
  const events = await follow(hub, 0);
  await events.next();
  broken = true;
  await once(failures, 'failure');
  await hub.commit(key('one'));
  await events.change();
  for (const _ of [1, 2, 3]) await once(failures, 'failure');
  await hub.commit(key('two'));
  assert.deepEqual(await events.next(), { type: 'change', number: 2, ...key('two') });
});

test('everything is loaded anew when the store goes back or becomes another', async (t) => {
  for (const other of [{ epoch: 'other', number: 7 }, { number: 1 }]) {
    let lie: Partial<Position> = {};
    const hub = await hubFor(t, {
      heartbeat: 10,
      wrap: (changes) => ({ ...through(changes), head: async () => ({ ...(await changes.head()), ...lie }) }),
    });
    const events = await follow(hub, 0);
    await hub.commit(key('one'), key('two'));
    await events.change();
    await events.change();
    lie = other;
    assert.deepEqual(await events.change(), { type: 'reload', ...(await hub.store.changes.head()), ...other });
    assert.equal(await events.next(), null);
  }
});

test('a reader that does not read is cut, and the others go on', async (t) => {
  const hub = await hubFor(t);
  const slow = await follow(hub, 0);
  await slow.next();
  const quick = await follow(hub, 0);
  const pad = 'x'.repeat(500_000);
  // Nothing asks `slow` for more, so what the hub writes stays in the kernel and then in the hub.
  for (let n = 1; n <= 40; n++) {
    await hub.commit(key(`${n}${pad}`));
    assert.equal((await quick.change())?.number, n);
  }
  let got = 0;
  await assert.rejects(async () => {
    while (await slow.change()) got += 1;
  }, /aborted/);
  assert.ok(got < 40, `got ${got}`);
});

test('a snapshot has a header, all entities and their count', async (t) => {
  const hub = await hubFor(t);
  await hub.commit(revoked('one'), key('one'), key('two'));
  await hub.commit({ kind: 'key', id: 'two', value: null });
  const response = await get(hub, 'snapshot');
  assert.equal(response.headers['content-type'], 'application/x-ndjson');
  const got = (await text(response))
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
  const { epoch } = await hub.store.changes.head();
  const [, , , last] = (await hub.store.changes.after(0, 4)) ?? [];
  assert.deepEqual(got, [
    { format: 1, epoch, number: 4, at: last?.at },
    key('one'),
    revoked('one'),
    { type: 'end', count: 2 },
  ]);
});

test('a snapshot that fails half way is broken off without its end', async (t) => {
  const hub = await hubFor(t, {
    wrap: (changes) => ({
      ...through(changes),
      async snapshot() {
        async function* entities() {
          for (let n = 0; n < 5000; n++) yield key(`key number ${n}`);
          throw new Error('disk');
        }
        return { header: { format: 1, epoch: 'e', number: 1 } as const, entities: entities() };
      },
    }),
  });
  const response = await get(hub, 'snapshot');
  await assert.rejects(text(response), /aborted/);
});

test('503 when one gateway fetches too many snapshots at once, until one of them is whole', async (t) => {
  const { promise, resolve } = Promise.withResolvers<void>();
  const hub = await hubFor(t, {
    wrap: (changes) => ({
      ...through(changes),
      async snapshot() {
        const { header } = await changes.snapshot();
        async function* entities() {
          await promise;
          yield key('one');
        }
        return { header, entities: entities() };
      },
    }),
  });
  const first = await Promise.all([1, 2].map(() => get(hub, 'snapshot')));
  assert.equal((await get(hub, 'snapshot')).statusCode, 503);
  resolve();
  for (const response of first) assert.match(await text(response), /"type":"end","count":1/);
  assert.equal((await get(hub, 'snapshot')).statusCode, 200);
});

test('closing the server ends the streams', async (t) => {
  const hub = await hubFor(t);
  const events = await follow(hub, 0);
  await events.next();
  const stopped = hub.stop();
  assert.equal(await events.next(), null);
  assert.equal(events.response.complete, true);
  await stopped;
});
