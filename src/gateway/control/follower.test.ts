import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { newMemory, openMemory } from '../../../test/support/disk-copy.ts';
import { key, revoked } from '../../../test/support/hub.ts';
import type { ChangeSource, EventReceiver, Snapshot } from '../../adapters/brokers/source.ts';
import type { ChangeEvent, HubEvent, Position } from '../../core/events.ts';
import type { EntityChange } from '../../core/snapshot.ts';
import { ManualClock } from '../../platform/clock.ts';
import { type Log, silentLog } from '../../platform/log.ts';
import { Freshness } from '../freshness.ts';
import type { EntitySink } from './entity-sink.ts';
import { Follower } from './follower.ts';

const start = 1_900_000_000_000;
/** When the change with this number was decided. */
const timeOf = (number: number): number => start + number;
const change = (number: number, entity: EntityChange = key(`k${number}`)): ChangeEvent => ({
  type: 'change',
  number,
  at: timeOf(number),
  ...entity,
});
const position = (epoch: string, number: number): Position => ({ epoch, number, at: timeOf(number) });
const head = (number: number, epoch = 'e'): HubEvent => ({ type: 'head', epoch, number });

/** A source that the test speaks for. */
class ScriptedSource implements ChangeSource {
  name = 'script';
  /** Positions from which it was followed. */
  readonly asked: Position[] = [];
  snapshots: (() => Promise<Snapshot>)[] = [];
  #position: (() => Position) | null = null;
  #receiver: EventReceiver | null = null;
  #followed = Promise.withResolvers<void>();

  follow(position: () => Position, receiver: EventReceiver) {
    this.#position = position;
    this.#receiver = receiver;
    this.connect();
    return {
      restart: (reason: Error) => {
        receiver.disconnected(reason);
        this.connect();
      },
      stop: () => {
        this.#receiver = null;
      },
    };
  }

  /** Whether a connection succeeds. */
  answers = true;

  connect(): void {
    this.asked.push({ ...(this.#position as () => Position)() });
    if (this.answers) this.#receiver?.connected();
    this.#followed.resolve();
    this.#followed = Promise.withResolvers();
  }

  /** Resolves at the next connection. */
  get followed(): Promise<void> {
    return this.#followed.promise;
  }

  say(...events: HubEvent[]): void {
    this.#receiver?.events(events);
  }

  fail(reason: string): void {
    this.#receiver?.disconnected(new Error(reason));
  }

  has(epoch: string, number: number, ...entities: EntityChange[]): void {
    this.snapshots.push(async () => ({
      header: { format: 1, epoch, number, at: timeOf(number) },
      entities: (async function* () {
        yield entities;
      })(),
    }));
  }

  async snapshot(): Promise<Snapshot> {
    const next = this.snapshots.shift();
    if (!next) throw new Error('no snapshot');
    return next();
  }

  close(): void {}
}

/** Tokens that tests revoke. */
const tokens = ['b', 'past', 'r', 'r1', 'r2', 'r3', 's'];

/** Keeps what it is told, as the gateway does: revocations in the set, where they stay. */
class State implements EntitySink {
  readonly entities = new Map<string, EntityChange>();
  readonly applied: string[] = [];
  poison: string | null = null;
  readonly #memory: ReturnType<typeof newMemory>;

  constructor(memory: ReturnType<typeof newMemory>) {
    this.#memory = memory;
  }

  apply(changes: readonly EntityChange[]): void {
    for (const one of changes) {
      if (one.id === this.poison) throw new Error('poison');
      this.applied.push(one.id);
      if (one.kind === 'revocation') this.#memory.add([one]);
      else if (one.value === null) this.entities.delete(one.id);
      else this.entities.set(one.id, one);
    }
  }

  replace(entities: readonly EntityChange[]): void {
    assert.ok(entities.every(({ kind }) => kind !== 'revocation'));
    this.entities.clear();
    this.apply(entities);
  }

  get ids(): string[] {
    return [...this.entities.keys(), ...this.#memory.revokedOf(tokens)].sort();
  }
}

interface Options {
  readonly dir?: string;
  readonly log?: Log;
  readonly sourceStartup?: number;
  prepare?(source: ScriptedSource): void;
}

async function following(t: TestContext, options: Options = {}) {
  const dir = options.dir ?? mkdtempSync(join(tmpdir(), 'postern-follower-'));
  if (!options.dir) t.after(() => rmSync(dir, { recursive: true, force: true }));
  const clock = new ManualClock(start);
  const source = new ScriptedSource();
  const memory = newMemory(join(dir, 'gateway'), { clock });
  const sink = new State(memory);
  const follower = new Follower({
    source,
    sink,
    freshness: new Freshness(Freshness.allocate(), clock),
    clock,
    log: options.log ?? silentLog,
    disk: memory.disk,
    reloadJitter: 0,
    ...(options.sourceStartup !== undefined && { sourceStartup: options.sourceStartup }),
  });
  t.after(() => follower.stop());
  const followed = source.followed;
  if (options.prepare) options.prepare(source);
  else source.has('e', 0);
  const hadCopy = await follower.start();
  await followed;
  return { dir, clock, source, sink, follower, hadCopy, memory };
}

test('a snapshot first, then changes in order; caught up when the head is held', async (t) => {
  const { source, sink, follower, hadCopy, clock } = await following(t, {
    prepare: (s) => s.has('e', 3, key('a'), revoked('b')),
  });
  assert.equal(hadCopy, false);
  assert.deepEqual(sink.ids, ['a', 'b']);
  assert.deepEqual(source.asked, [position('e', 3)]);
  source.say(head(5));
  assert.equal(follower.state.caughtUp, false);
  clock.advance(10);
  source.say(change(4), change(5));
  await follower.caughtUp;
  assert.deepEqual(sink.ids, ['a', 'b', 'k4', 'k5']);
  // Complete as of when the head was said, not of when the last change came.
  assert.equal(follower.state.lastConfirmedHeadMs, start);
  assert.equal(follower.state.position, 'e:5');
});

test('what is repeated is passed over, what is missing is fetched, whatever the order', async (t) => {
  const { source, sink, follower } = await following(t);
  source.say(head(0), change(1), change(1), change(2), change(1));
  source.say(change(2), change(4), change(3), change(5));
  assert.deepEqual(source.asked.at(-1), position('e', 2));
  source.say(head(5), change(3), change(4), change(5));
  assert.deepEqual(sink.applied, ['k1', 'k2', 'k3', 'k4', 'k5']);
  assert.equal(follower.state.gaps, 1);
  assert.equal(follower.state.repeated, 3);
});

test('a change that never comes is got with a snapshot', async (t) => {
  const { source, sink, follower } = await following(t);
  source.has('e', 3, key('k1'), key('k2'), key('k3'));
  const gap = [head(3), change(1), change(3)];
  for (const _ of [1, 2, 3, 4]) source.say(...gap);
  assert.equal(source.asked.length, 5);
  const followed = source.followed;
  source.say(...gap);
  await followed;
  assert.deepEqual(sink.ids, ['k1', 'k2', 'k3']);
  assert.equal(follower.state.reloads, 2);
});

test('a heartbeat ahead of what came means that the last change was lost', async (t) => {
  const { source, follower } = await following(t);
  source.say(head(1), change(1));
  source.say(head(2));
  assert.equal(source.asked.length, 2);
  assert.deepEqual(source.asked.at(-1), position('e', 1));
  assert.equal(follower.state.gaps, 1);
});

test('only heads that are held confirm', async (t) => {
  const { source, follower, clock } = await following(t);
  source.say(head(1));
  assert.equal(follower.state.lastConfirmedHeadMs, 0);
  source.say(change(1));
  assert.equal(follower.state.lastConfirmedHeadMs, start);
  clock.advance(1000);
  source.say(change(2));
  assert.equal(follower.state.lastConfirmedHeadMs, start);
  source.say(head(2));
  assert.equal(follower.state.lastConfirmedHeadMs, start + 1000);
  clock.advance(1000);
  source.say(head(3));
  assert.equal(follower.state.lastConfirmedHeadMs, start + 1000);
});

test('another epoch: what is gone is removed, revocations stay, and so they do on disk', async (t) => {
  const { dir, source, sink, follower, memory, clock } = await following(t, {
    prepare: (s) => s.has('e', 1, key('old'), revoked('r1')),
  });
  const seconds = start / 1000;
  source.say(head(1), change(2, revoked('r2')), change(3, revoked('past', seconds - 3601)));
  source.has('f', 9, key('new'), revoked('r1'), revoked('r3'));
  const followed = source.followed;
  source.say({ type: 'reload', epoch: 'f', number: 9 });
  await followed;
  memory.revoked.sweep(clock.now(), 10_000);
  assert.deepEqual(sink.ids, ['new', 'r1', 'r2', 'r3']);
  assert.deepEqual(source.asked.at(-1), position('f', 9));
  source.say(head(9, 'f'), change(10));
  await follower.stop();
  const again = await following(t, { dir, prepare: () => {} });
  assert.equal(again.hadCopy, true);
  assert.deepEqual(again.sink.ids, ['k10', 'new', 'r1', 'r2', 'r3']);
  assert.deepEqual(again.source.asked, [position('f', 10)]);
});

test('a head of another epoch is a reload too', async (t) => {
  const { source, sink } = await following(t, { prepare: (s) => s.has('e', 1, key('old')) });
  source.has('f', 1, key('new'));
  const followed = source.followed;
  source.say(head(1, 'f'), change(2));
  await followed;
  assert.deepEqual(sink.ids, ['new']);
});

test('a snapshot that is not whole changes nothing but what it revokes; it is tried again', async (t) => {
  const { dir, source, sink, follower, clock } = await following(t, {
    prepare: (s) => s.has('e', 1, key('old'), revoked('r')),
  });
  const broken = async function* () {
    yield [revoked('s'), key('half')];
    throw new Error('the snapshot is not whole');
  };
  source.snapshots.push(async () => ({ header: { format: 1, epoch: 'f', number: 1 }, entities: broken() }));
  source.snapshots.push(async () => {
    assert.deepEqual(sink.ids, ['old', 'r', 's']);
    assert.equal(follower.state.sourceFailure, 'the snapshot is not whole');
    // Not even a process that was killed now takes it back.
    const killed = await openMemory(join(dir, 'gateway'), { clock });
    assert.deepEqual([killed.content?.header?.epoch, killed.revokedOf(tokens)], ['e', ['r', 's']]);
    return { header: { format: 1, epoch: 'f', number: 1 }, entities: (async function* () {})() };
  });
  const followed = source.followed;
  source.say({ type: 'reload', epoch: 'f', number: 1 });
  await followed;
  assert.deepEqual(sink.ids, ['r', 's']);
  assert.equal(follower.state.sourceFailure, null);
});

test('snapshots that do not help follow one another more and more slowly', async (t) => {
  const { source, follower } = await following(t, { prepare: (s) => s.has('e', 1) });
  const waits: number[] = [];
  for (let n = 2; n <= 4; n++) {
    source.has(`e${n}`, 1);
    const { followed } = source;
    const from = performance.now();
    source.say({ type: 'reload', epoch: `e${n}`, number: 1 });
    await followed;
    waits.push(performance.now() - from);
  }
  assert.equal(follower.state.reloads, 4);
  const [first = 0, second = 0, third = 0] = waits;
  assert.ok(first < 200 && second >= 240 && third >= 490, waits.join(', '));
  // Once it is certain again that nothing is missing, the next one need not wait.
  source.say(head(1, 'e4'));
  source.has('f', 1);
  const { followed } = source;
  const from = performance.now();
  source.say({ type: 'reload', epoch: 'f', number: 1 });
  await followed;
  assert.ok(performance.now() - from < 200);
});

test('a revocation that can not be applied keeps no other of a snapshot out', async (t) => {
  const broken = { kind: 'revocation', id: 'broken', value: { type: 'token' } } as unknown as EntityChange;
  const { sink, follower } = await following(t, {
    prepare: (s) => s.has('e', 1, revoked('r1'), broken, revoked('r2')),
  });
  assert.deepEqual([sink.ids, follower.state.refused], [['r1', 'r2'], 1]);
});

test('when revocations are read again, what the set has let go of too early comes back from the disk, without a source', async (t) => {
  const { sink, follower, memory, clock } = await following(t, {
    prepare: (s) => s.has('e', 1, revoked('r', start / 1000 + 60)),
  });
  clock.advance(2 * 3_600_000);
  memory.revoked.sweep(clock.now(), 10_000);
  assert.deepEqual(sink.ids, []);
  clock.advance(-2 * 3_600_000);
  follower.recall('the clock went back');
  await follower.stop();
  assert.deepEqual(sink.ids, ['r']);
});

test('while revocations are read again from the source, what it tells is applied, and nothing is set back', async (t) => {
  const { source, sink, follower } = await following(t);
  let goOn = (): void => {};
  const half = Promise.withResolvers<void>();
  source.snapshots.push(async () => ({
    header: { format: 1, epoch: 'e', number: 0, at: timeOf(0) },
    entities: (async function* () {
      yield [key('k1'), revoked('r1')];
      await new Promise<void>((resolve) => {
        goOn = resolve;
        half.resolve();
      });
      yield [revoked('r2')];
    })(),
  }));
  follower.recall('the clock went back');
  await half.promise;
  source.say(change(1, { kind: 'key', id: 'k1', value: null }), change(2, revoked('r3')), head(2));
  assert.deepEqual(sink.ids, ['r1', 'r3']);
  // Others may be missing until it is whole.
  assert.equal(follower.state.caughtUp, true);
  assert.equal(follower.state.lastConfirmedHeadMs, 0);
  goOn();
  await setImmediate();
  source.say(head(2));
  assert.equal(follower.state.lastConfirmedHeadMs, start);
  assert.deepEqual(sink.ids, ['r1', 'r2', 'r3']);
  assert.deepEqual([follower.state.position, follower.state.reloads, source.asked.length], ['e:2', 1, 1]);
});

test('a snapshot that breaks off while revocations are read again is asked for again', async (t) => {
  const { source, sink, follower } = await following(t);
  source.snapshots.push(async () => Promise.reject(new Error('broken off')));
  const second = Promise.withResolvers<void>();
  source.has('e', 1, revoked('r1'));
  const whole = source.snapshots.pop() as () => Promise<Snapshot>;
  source.snapshots.push(async () => {
    second.resolve();
    return whole();
  });
  follower.recall('the clock went back');
  await second.promise;
  await setImmediate();
  assert.deepEqual([sink.ids, follower.state.connected], [['r1'], true]);
});

test('starts from the disk copy, with its staleness, and asks for what came since', async (t) => {
  const first = await following(t, { prepare: (s) => s.has('e', 1, key('a')) });
  first.source.say(head(1), change(2), change(3, revoked('r')));
  await first.follower.stop();
  const second = await following(t, { dir: first.dir, prepare: () => {} });
  assert.equal(second.hadCopy, true);
  assert.deepEqual(second.sink.ids, ['a', 'k2', 'r']);
  assert.deepEqual(second.source.asked, [position('e', 3)]);
  assert.equal(second.follower.state.lastConfirmedHeadMs, start);
  assert.equal(second.follower.state.caughtUp, false);
});

test('an entity that can not be applied does not keep back those behind it', async (t) => {
  const { source, sink, follower } = await following(t);
  sink.poison = 'k2';
  source.say(head(3), change(1), change(2), change(3, revoked('r')));
  assert.deepEqual(sink.ids, ['k1', 'r']);
  assert.equal(follower.state.position, 'e:3');
  assert.equal(follower.state.refused, 1);
});

test('a kind that is not known counts for its number; a revocation is never taken back', async (t) => {
  const { source, sink, follower } = await following(t, { prepare: (s) => s.has('e', 0, revoked('r')) });
  const future = { type: 'change', number: 1, kind: 'quota', id: 'q', value: {} } as unknown as HubEvent;
  source.say(head(2), future, change(2, { ...revoked('r'), value: null } as EntityChange));
  assert.deepEqual(sink.ids, ['r']);
  assert.equal(follower.state.position, 'e:2');
});

test('the state tells of a source that is lost and back', async (t) => {
  const { source, follower } = await following(t);
  assert.equal(follower.state.connected, true);
  source.fail('cable');
  assert.deepEqual([follower.state.connected, follower.state.sourceFailure], [false, 'cable']);
});

/** What of the source is logged, in order, with its name and the one before. */
function sourceLines() {
  const lines: string[] = [];
  const note = (of: { source?: string; before?: string }, line: string): void => {
    if (line.includes('source')) lines.push([of.source, of.before, line].filter(Boolean).join(' '));
  };
  return { lines, log: { ...silentLog, info: note, warn: note, error: note } as unknown as Log };
}

test('a source that fails for 4 s is said to be lost if it was connected, and its return; else it can not be reached', async (t) => {
  const { lines, log } = sourceLines();
  const { source, clock } = await following(t, { log });
  const fail = (): void => source.fail('cable');
  fail();
  clock.advance(3900);
  fail();
  assert.deepEqual(lines, []);
  clock.advance(100);
  fail();
  fail();
  assert.deepEqual(lines.splice(0), ['script the source is lost; trying again']);
  source.connect();
  assert.deepEqual(lines.splice(0), ['script the source is back']);
});

test('a source that never was connected can not be reached, and is not called lost', async (t) => {
  const { lines, log } = sourceLines();
  const first = await following(t);
  first.source.say(head(0));
  await first.follower.stop();
  const { source, clock } = await following(t, {
    dir: first.dir,
    log,
    prepare: (one) => {
      one.answers = false;
    },
  });
  source.fail('cable');
  clock.advance(4000);
  source.fail('cable');
  assert.deepEqual(lines, ["script the source can't be reached; trying again"]);
});

test('a source that starts too is not complained of for as long as that may take, until it was connected once', async (t) => {
  const { lines, log } = sourceLines();
  const first = await following(t);
  first.source.say(head(0));
  await first.follower.stop();
  const { source, clock } = await following(t, {
    dir: first.dir,
    log,
    sourceStartup: 30_000,
    prepare: (one) => {
      one.answers = false;
    },
  });
  source.fail('cable');
  clock.advance(29_900);
  source.fail('cable');
  assert.deepEqual(lines, []);
  clock.advance(100);
  source.fail('cable');
  assert.deepEqual(lines.splice(0), ["script the source can't be reached; trying again"]);
  source.answers = true;
  source.connect();
  source.fail('cable');
  clock.advance(4000);
  source.fail('cable');
  assert.deepEqual(lines, ['script the source is back', 'script the source is lost; trying again']);
});

test('that another source is followed than before is logged, with both names; that the same one is, is not', async (t) => {
  const { lines, log } = sourceLines();
  const { source } = await following(t, { log });
  source.connect();
  assert.deepEqual(lines, []);
  source.name = 'other';
  source.connect();
  assert.deepEqual(lines, ['other script another source is followed']);
});

test('a head is never below what was applied, and the staleness is a whole number', async (t) => {
  const { source, follower, clock } = await following(t);
  source.say(head(1), change(1));
  clock.advance(100.25);
  source.say(change(2));
  const { head: newest, lag, stalenessMs } = follower.state;
  assert.deepEqual([newest, lag], [2, 0]);
  assert.ok(Number.isInteger(stalenessMs), String(stalenessMs));
});
