/** Rate counters under real threads, whose clock is a word of shared memory that the test moves. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Worker } from 'node:worker_threads';
import { Fingerprinter } from '../../platform/fingerprint.ts';
import { RateCounters, type RateKey, rateKey } from './rate-counters.ts';

const fingerprinter = new Fingerprinter(new Uint8Array(32).fill(9));
const start = 1_800_000_000_000;

/** What threads and test tell each other: words of `shared`. */
const clock = 0; // milliseconds since `start`
const stop = 1;
const granted = 2;
const refused = 3;

interface Job {
  readonly limit: { readonly count: number; readonly windowMs: number };
  readonly keys: readonly RateKey[];
  /** Of so many grants, one is given back. 0 = none. */
  readonly giveBackEvery: number;
}

class Threads {
  readonly shared = new Int32Array(new SharedArrayBuffer(16));
  readonly counters: RateCounters;
  readonly workers: Worker[];
  readonly #reports: Promise<{ key: number; window: number; net: number }[]>[];

  constructor(count: number, capacity: number, job: Job) {
    this.counters = new RateCounters(RateCounters.allocate(capacity));
    this.workers = Array.from({ length: count }, (_, seed) => {
      const workerData = { ...job, buffer: this.counters.buffer, shared: this.shared.buffer, start, seed };
      return new Worker(new URL('./rate-counters.test-worker.ts', import.meta.url), { workerData });
    });
    this.#reports = this.workers.map(
      (worker) => new Promise((resolve, reject) => worker.once('message', resolve).once('error', reject)),
    );
  }

  get now(): number {
    return start + Atomics.load(this.shared, clock);
  }

  advance(ms: number): void {
    Atomics.add(this.shared, clock, ms);
  }

  /** Waits until the threads have brought a word to `least`. */
  reach(word: number, least: number): void {
    for (let seen = Atomics.load(this.shared, word); seen < least; seen = Atomics.load(this.shared, word)) {
      assert.notEqual(Atomics.wait(this.shared, word, seen, 20_000), 'timed-out', `word ${word} stays at ${seen}`);
    }
  }

  /** For a test that failed, too. */
  async kill(): Promise<void> {
    await Promise.all(this.workers.map((worker) => worker.terminate()));
  }

  /** Stops the threads and adds up what they were granted, by key and window. */
  async finish(): Promise<Map<string, number>> {
    Atomics.store(this.shared, stop, 1);
    const sums = new Map<string, number>();
    for (const report of await Promise.all(this.#reports)) {
      for (const { key, window, net } of report) {
        sums.set(`${key}/${window}`, (sums.get(`${key}/${window}`) ?? 0) + net);
      }
    }
    return sums;
  }
}

test('four threads on one key are granted exactly the count in every window', async (t) => {
  const limit = { count: 1000, windowMs: 1000 };
  const threads = new Threads(4, 16, { limit, keys: [rateKey(fingerprinter, 'hot')], giveBackEvery: 0 });
  t.after(() => threads.kill());
  const windows = 30;
  for (let window = 1; window <= windows; window++) {
    threads.reach(granted, window * limit.count);
    threads.reach(refused, Atomics.load(threads.shared, refused) + 200);
    assert.equal(Atomics.load(threads.shared, granted), window * limit.count);
    if (window < windows) threads.advance(limit.windowMs);
  }
  const sums = await threads.finish();
  assert.deepEqual(
    [...sums.values()],
    Array.from({ length: windows }, () => limit.count),
  );
});

test('while threads give back, no window ends with more than its count, and all of it can be had', async (t) => {
  const limit = { count: 500, windowMs: 1000 };
  const key = rateKey(fingerprinter, 'given back');
  const threads = new Threads(4, 16, { limit, keys: [key], giveBackEvery: 3 });
  t.after(() => threads.kill());
  for (let window = 0; window < 20; window++) {
    threads.reach(refused, Atomics.load(threads.shared, refused) + 500);
    threads.advance(limit.windowMs);
  }
  const sums = await threads.finish();
  assert.ok(sums.size >= 20, `${sums.size} windows`);
  for (const [window, sum] of sums) assert.ok(sum >= 0 && sum <= limit.count, `${sum} in window ${window}`);

  const { counters, now } = threads;
  let left = 0;
  while (counters.take(key, limit, now)) left++;
  assert.equal(left + (sums.get(`0/${counters.window}`) ?? 0), limit.count);
});

test('keys come and go by the thousand while the main thread sweeps: nobody gets more than the count', async (t) => {
  const limit = { count: 2, windowMs: 1000 };
  const keys = Array.from({ length: 4000 }, (_, i) => rateKey(fingerprinter, 'passing', i));
  const threads = new Threads(4, 1500, { limit, keys, giveBackEvery: 5 });
  t.after(() => threads.kill());
  const { counters, shared } = threads;
  let most = 0;
  let removed = 0;
  for (let round = 0; round < 400; round++) {
    const seen = Atomics.load(shared, granted);
    threads.advance(1100);
    threads.reach(granted, seen + 50);
    const before = counters.size;
    counters.sweep(threads.now, 2048);
    most = Math.max(most, before);
    removed += Math.max(0, before - counters.size);
  }
  const sums = await threads.finish();
  assert.ok(removed > 1000, `${removed} removed under load`);
  assert.ok(most <= 1500);
  for (const [window, sum] of sums) assert.ok(sum >= 0 && sum <= limit.count, `${sum} in window ${window}`);
});

test('threads that are killed in the middle leave nothing locked, and take at most one request each with them', async (t) => {
  const limit = { count: 2000, windowMs: 1000 };
  const key = rateKey(fingerprinter, 'killed');
  for (let round = 0; round < 5; round++) {
    const threads = new Threads(3, 16, { limit, keys: [key], giveBackEvery: 0 });
    t.after(() => threads.kill());
    threads.reach(granted, 300);
    await threads.kill();
    const before = Atomics.load(threads.shared, granted);
    let left = 0;
    while (threads.counters.take(key, limit, threads.now)) left++;
    assert.ok(before + left <= limit.count && before + left >= limit.count - 3, `${before} and ${left}`);
    threads.advance(limit.windowMs);
    let next = 0;
    while (threads.counters.take(key, limit, threads.now)) next++;
    assert.equal(next, limit.count);
  }
});
