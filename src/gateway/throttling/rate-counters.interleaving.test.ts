/**
 * Every way in which one thread can be overtaken: the first thread's operation is stopped before each of its atomic
 * steps in turn, and there another thread does a whole script. In JavaScript a thread can be stopped like that by
 * replacing the functions of `Atomics`: the same algorithm on the same memory, and each case runs the same each time.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Limit } from '../../core/policy.ts';
import { Fingerprinter } from '../../platform/fingerprint.ts';
import { RateCounters, type RateKey, rateKey } from './rate-counters.ts';

const steps = ['load', 'store', 'add', 'compareExchange'] as const;
const fingerprinter = new Fingerprinter(new Uint8Array(32).fill(6));
const start = 1_800_000_000_000;
const second = 1000;
const limit: Limit = { count: 3, windowMs: second };
const key = rateKey(fingerprinter, 'key');

/** Thrown to end an operation at a step, as the death of its thread would. */
const death = Symbol('death');

/** Runs `operation`, and `meanwhile` before its step number `at`. Returns whether it got there. */
function interrupt(at: number, operation: () => void, meanwhile: () => void): boolean {
  const original = new Map(steps.map((step) => [step, Atomics[step]] as const));
  const restore = () => {
    for (const [step, call] of original) Object.assign(Atomics, { [step]: call });
  };
  let step = 0;
  let reached = false;
  for (const [name, call] of original) {
    const stepping = (...args: [never, never, never, never]) => {
      if (step++ === at) {
        restore();
        reached = true;
        meanwhile();
      }
      return call(...args);
    };
    Object.assign(Atomics, { [name]: stepping });
  }
  try {
    operation();
  } catch (error) {
    if (error !== death) throw error;
  } finally {
    restore();
  }
  return reached;
}

/** A small table, and a record of what was granted in which window. */
class World {
  readonly #buffer = RateCounters.allocate(6);
  readonly threads = Array.from({ length: 4 }, () => new RateCounters(this.#buffer));
  readonly grants = new Map<string, number>();
  now = start;
  /** What the interrupted thread was told. */
  granted = false;
  #stale = false;

  thread(n: number): RateCounters {
    return this.threads[n] as RateCounters;
  }

  take(n: number, of: RateKey = key, nowMs: number = this.now): boolean {
    const granted = this.thread(n).take(of, limit, nowMs);
    if (this.now - nowMs > 60 * second) this.#stale = true;
    if (granted) this.#record(of, this.thread(n).window, 1);
    return granted;
  }

  giveBack(n: number, window: number): void {
    if (this.thread(n).giveBack(key, window)) this.#record(key, window, -1);
  }

  /** Takes all that is left, and returns how much that was. */
  drain(n: number, of: RateKey = key): number {
    let taken = 0;
    while (this.take(n, of)) taken++;
    assert.ok(taken <= limit.count, `${taken} granted in a row`);
    return taken;
  }

  /** Long enough for the sweeper to remove everything; it is thread 2. */
  clear(): void {
    this.now += 62 * second;
    this.thread(2).sweep(this.now, 16);
  }

  /** A thread that stood still for more than a minute comes with a time for which nothing is promised. */
  check(what: string): void {
    if (this.#stale) return;
    for (const [window, count] of this.grants) {
      assert.ok(count <= limit.count, `${what}: ${count} of ${limit.count} granted in window ${window}`);
    }
  }

  /** Whoever gets a free slot begins a whole window. */
  checkFreeSlots(what: string): void {
    for (let i = 0; i < 6; i++) {
      const fresh = rateKey(fingerprinter, 'fresh', i);
      const later = this.now + 500;
      if (this.thread(1).take(fresh, limit, later)) {
        assert.equal(this.thread(1).remaining(fresh, limit, later), second, what);
      }
    }
    this.clear();
  }

  #record(of: RateKey, window: number, count: number): void {
    const name = `${of.tag}/${window >> 4}`; // the end of the window, without its sequence: that may begin anew
    this.grants.set(name, (this.grants.get(name) ?? 0) + count);
  }
}

/** Other keys: some that share the key's chain, and some that needn't. */
const sameChain = [1, 2, 3, 4].map((tag) => ({ position: key.position ^ (tag << 20), tag }));
const elsewhere = [1, 2, 3, 4].map((i) => rateKey(fingerprinter, 'other', i));

/** The table has six slots: each is handed on, and two are left for the key and for a thread that holds one. */
function handOnSlots(world: World): void {
  world.clear();
  for (const other of sameChain) world.drain(1, other);
  world.clear();
  for (const other of elsewhere) world.drain(1, other);
}

/** What there is before the first thread begins. */
const beginnings: Readonly<Record<string, (world: World) => void>> = {
  'an unknown key': () => {},
  'a window with room': (world) => world.take(1),
  'a window with room for one': (world) => world.take(1) && world.take(1),
  'a window used up': (world) => world.drain(1),
  'a window that is over': (world) => {
    world.drain(1);
    world.now += second;
  },
  'a key that was removed': (world) => {
    world.drain(1);
    world.clear();
  },
  'a key about to be removed': (world) => {
    world.drain(1);
    world.now += 62 * second;
  },
  'a key about to be removed, before two others of its chain': (world) => {
    for (const each of [sameChain[0], sameChain[1], key]) world.drain(1, each);
    world.now += 62 * second;
  },
  'a key about to be removed, behind one that stays': (world) => {
    world.drain(1);
    world.now += 62 * second;
    world.take(1, sameChain[0]);
  },
};

/** What the second thread (and the sweeper) does while the first stands still. */
const scripts: Readonly<Record<string, (world: World) => void>> = {
  'takes one': (world) => world.take(1),
  'takes all': (world) => world.drain(1),
  'uses up the next window': (world) => {
    world.now += second;
    world.drain(1);
  },
  'begins the next window': (world) => {
    world.now += second;
    world.take(1);
  },
  'uses up four windows': (world) => {
    for (let i = 0; i < 4; i++) {
      world.now += second;
      world.drain(1);
    }
  },
  'takes one in each of four windows': (world) => {
    for (let i = 0; i < 4; i++) {
      world.now += second;
      world.take(1);
    }
  },
  'takes and gives back': (world) => {
    if (world.take(1)) world.giveBack(1, world.thread(1).window);
  },
  'takes all and gives one back': (world) => {
    world.drain(1);
    world.giveBack(1, world.thread(1).window);
  },
  'sweeps at once': (world) => world.thread(2).sweep(world.now, 16),
  'sweeps at once and hands slots to other keys': (world) => {
    world.thread(2).sweep(world.now, 16);
    for (const other of elsewhere) world.drain(1, other);
  },
  'sweeps at once and lets other keys take one each': (world) => {
    world.thread(2).sweep(world.now, 16);
    for (const other of elsewhere) world.take(1, other);
  },
  'sweeps at once and hands slots to other keys, which use up four windows': (world) => {
    world.thread(2).sweep(world.now, 16);
    for (let i = 0; i < 4; i++) {
      for (const other of elsewhere) world.drain(1, other);
      world.now += i < 3 ? second : 0;
    }
  },
  'links another key in the chain': (world) => world.take(1, sameChain[2]),
  'removes the slot': (world) => world.clear(),
  'removes the slot and takes all': (world) => {
    world.clear();
    world.drain(1);
  },
  'removes the slot and gives it to another key': handOnSlots,
  'removes it, gives it to others, removes those, takes all': (world) => {
    handOnSlots(world);
    world.clear();
    world.drain(1);
  },
  'removes it, gives it to others, removes those, uses up four windows': (world) => {
    handOnSlots(world);
    world.clear();
    for (let i = 0; i < 4; i++) {
      world.now += second;
      world.drain(1);
    }
  },
};

const operations: Readonly<Record<string, (world: World) => () => void>> = {
  take: (world) => {
    const { now } = world; // read before it stands still
    return () => {
      world.granted = world.take(0, key, now);
    };
  },
  'take and give back': (world) => {
    const { now } = world;
    return () => {
      if (world.take(0, key, now)) world.giveBack(0, world.thread(0).window);
    };
  },
  sweep: (world) => {
    const { now } = world;
    return () => world.thread(2).sweep(now, 16);
  },
};

/** Scripts that never use up the two that are left of a window with room: a refusal would be wrong at any step. */
const roomy: ReadonlySet<string> = new Set([
  'begins the next window',
  'takes one in each of four windows',
  'sweeps at once',
  'sweeps at once and hands slots to other keys',
  'sweeps at once and lets other keys take one each',
  'sweeps at once and hands slots to other keys, which use up four windows',
  'links another key in the chain',
  'removes the slot',
  'removes the slot and gives it to another key',
]);

function* cases() {
  for (const [beginning, begin] of Object.entries(beginnings)) {
    for (const [operation, prepare] of Object.entries(operations)) {
      for (const [script, run] of Object.entries(scripts)) {
        // There is one sweeper.
        if (operation === 'sweep' && /removes|sweeps/.test(script)) continue;
        const always = operation === 'take' && !beginning.includes('used up') && roomy.has(script);
        yield { name: `${beginning}; ${operation}, while another thread ${script}`, begin, prepare, run, always };
      }
    }
  }
}

test('stopped at any step and overtaken by anything, no window grants more than its count, and the next exactly that', () => {
  let stops = 0;
  for (const { name, begin, prepare, run, always } of cases()) {
    for (let at = 0, reached = true; reached; at++) {
      const world = new World();
      begin(world);
      reached = interrupt(at, prepare(world), () => run(world));
      const what = `${name} (step ${at})`;
      if (always) assert.ok(world.granted, `refused: ${what}`);
      world.drain(1);
      world.check(what);
      world.checkFreeSlots(what);
      world.now += 2 * second;
      assert.equal(world.drain(1), limit.count, what);
      for (const other of [...sameChain, ...elsewhere]) world.drain(1, other);
      world.check(what);
      if (reached) stops++;
    }
  }
  assert.ok(stops > 1000, `${stops} stops`);
});

test('dead at any step, a thread takes at most its one request with it', () => {
  for (const [beginning, begin] of Object.entries(beginnings)) {
    for (const operation of ['take', 'take and give back']) {
      for (let at = 0, reached = true; reached; at++) {
        const world = new World();
        begin(world);
        const ready = new World();
        begin(ready);
        const left = ready.drain(1);
        reached = interrupt(at, operations[operation]?.(world) as () => void, () => {
          throw death;
        });
        const what = `${beginning}, ${operation}, dead at step ${at}`;
        const taken = world.drain(1);
        assert.ok(taken === left || taken === left - 1, `${what}: ${taken} of ${left}`);
        world.check(what);
        world.now += second;
        assert.equal(world.drain(1), limit.count, what);
      }
    }
  }
});

test('a slot that a thread linked before it died is swept up', () => {
  for (let at = 0, reached = true; reached; at++) {
    const world = new World();
    reached = interrupt(at, operations.take?.(world) as () => void, () => {
      throw death;
    });
    const { size } = world.thread(1);
    world.clear();
    // Only a slot that had not been linked yet is lost with its thread.
    assert.ok(world.thread(1).size === 0 || (size === 1 && at < 6), `dead at step ${at}: ${world.thread(1).size}`);
  }
});

test('a sweeper that stops at any step while a thread is stopped at any step does not make a key count twice', () => {
  let stops = 0;
  for (const [beginning, begin] of Object.entries(beginnings)) {
    for (let at = 0, more = true; more; at++) {
      more = false;
      for (let swept = 0, reached = true; reached; swept++) {
        reached = false;
        const world = new World();
        begin(world);
        const sweepPartly = () => {
          reached = interrupt(
            swept,
            () => world.thread(2).sweep(world.now, 16),
            () => {
              throw death;
            },
          );
        };
        more = interrupt(at, operations.take?.(world) as () => void, sweepPartly) || more;
        const what = `${beginning}; take at ${at}, swept for ${swept}`;
        if (!beginning.includes('used up')) assert.ok(world.granted, `refused: ${what}`);
        world.drain(1);
        world.check(what);
        if (reached) stops++;
      }
    }
  }
  assert.ok(stops > 300, `${stops} stops`);
});

test('two threads stopped at any two steps, one within the other, and a third that uses windows up', () => {
  let stops = 0;
  for (const [beginning, begin] of Object.entries(beginnings)) {
    for (const outer of ['take', 'take and give back', 'sweep']) {
      for (const windows of [0, 1, 4]) {
        for (let first = 0, more = true; more; first++) {
          more = false;
          for (let then = 0, reached = true; reached; then++) {
            reached = false;
            const world = new World();
            begin(world);
            const useUp = () => {
              world.drain(1);
              for (let i = 0; i < windows; i++) {
                world.now += second;
                world.drain(1);
              }
            };
            const inner = () => {
              const { now } = world;
              reached = interrupt(then, () => world.take(3, key, now), useUp);
            };
            more = interrupt(first, operations[outer]?.(world) as () => void, inner) || more;
            const what = `${beginning}; ${outer} at ${first}, take at ${then}, ${windows} windows`;
            world.drain(1);
            world.check(what);
            world.now += 2 * second;
            assert.equal(world.drain(1), limit.count, what);
            if (reached) stops++;
          }
        }
      }
    }
  }
  assert.ok(stops > 1000, `${stops} stops`);
});
