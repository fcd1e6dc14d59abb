/** A thread for rate-counters.threads.test.ts: takes as fast as it can until told to stop, and reports its grants. */
import { parentPort, workerData } from 'node:worker_threads';
import { RateCounters, type RateKey } from './rate-counters.ts';

const { limit, giveBackEvery, start, seed } = workerData;
const keys: readonly RateKey[] = workerData.keys;
const counters = new RateCounters(workerData.buffer);
/** [milliseconds since start, told to stop, granted, refused] */
const shared = new Int32Array(workerData.shared);

/** Of each window of each key: grants less what was given back. */
const net = new Map<string, { key: number; window: number; net: number }>();
let random: number = seed;
let sinceGiveBack = 0;

while (Atomics.load(shared, 1) === 0) {
  const elapsed = Atomics.load(shared, 0);
  // The keys in use move on with time, so that others fall idle.
  random = (Math.imul(random, 1_664_525) + 1_013_904_223) >>> 0;
  const n = (Math.floor(elapsed / 100) + ((random >>> 8) % Math.min(keys.length, 300))) % keys.length;
  const key = keys[n] as RateKey;
  const granted = counters.take(key, limit, start + elapsed);
  // Not if it stood still for so long that its time was a minute old: nothing is promised then.
  if (granted && Atomics.load(shared, 0) - elapsed < 50_000) {
    const { window } = counters;
    let entry = net.get(`${n}/${window}`);
    if (!entry) net.set(`${n}/${window}`, (entry = { key: n, window, net: 0 }));
    entry.net++;
    if (++sinceGiveBack === giveBackEvery) {
      sinceGiveBack = 0;
      if (counters.giveBack(key, window)) entry.net--;
    }
  }
  Atomics.add(shared, granted ? 2 : 3, 1);
  Atomics.notify(shared, granted ? 2 : 3);
}
parentPort?.postMessage([...net.values()]);
