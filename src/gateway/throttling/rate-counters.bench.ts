/** Cost of a `take` on one thread. `node src/gateway/throttling/rate-counters.bench.ts` */
import { Fingerprinter } from '../../platform/fingerprint.ts';
import { RateCounters, rateKey } from './rate-counters.ts';

const fingerprinter = new Fingerprinter(new Uint8Array(32).fill(1));
const now = 1_800_000_000_000;
const plenty = { count: 1_000_000_000, windowMs: 60_000 };
const calls = 2 ** 21;

function measure(name: string, call: (i: number) => void): void {
  let best = Number.POSITIVE_INFINITY;
  for (let round = 0; round < 5; round++) {
    const start = process.hrtime.bigint();
    for (let i = 0; i < calls; i++) call(i);
    best = Math.min(best, Number(process.hrtime.bigint() - start) / calls);
  }
  console.log(`${name.padEnd(40)} ${best.toFixed(1)} ns`);
}

function keys(count: number) {
  return Array.from({ length: count }, (_, i) => rateKey(fingerprinter, 'bench', i));
}

for (const count of [1, 1024, 262_144]) {
  const counters = new RateCounters(RateCounters.allocate());
  const all = keys(count);
  measure(`take, ${count} keys`, (i) => counters.take(all[i & (count - 1)] as (typeof all)[0], plenty, now));
}

const counters = new RateCounters(RateCounters.allocate());
const [key] = keys(1) as [ReturnType<typeof rateKey>];
const one = { count: 1, windowMs: 60_000 };
counters.take(key, one, now);
measure('take, refused', () => counters.take(key, one, now));
measure('take and give back', () => {
  counters.take(key, plenty, now);
  counters.giveBack(key, counters.window);
});
let later = now;
measure('take, in a new window each time', () => {
  later += one.windowMs;
  counters.take(key, one, later);
});
measure('rateKey', (i) => rateKey(fingerprinter, 'subscription', i, 7));
measure('sweep, each place', () => counters.sweep(later, 1));
