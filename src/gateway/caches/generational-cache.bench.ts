/** Cost of a look-up. `node src/gateway/caches/generational-cache.bench.ts` */
import { GenerationalCache } from './generational-cache.ts';

const calls = 2 ** 20;
/** As long as an Authorization value. Node keeps their hashes; hashing a new string of this length is not in here. */
const keys = Array.from({ length: 4096 }, (_, i) => `Bearer ${'x'.repeat(640)}${i}`);
const now = 1_800_000_000_000;

function measure(name: string, call: (i: number) => void): void {
  let best = Number.POSITIVE_INFINITY;
  for (let round = 0; round < 5; round++) {
    const start = process.hrtime.bigint();
    for (let i = 0; i < calls; i++) call(i);
    best = Math.min(best, Number(process.hrtime.bigint() - start) / calls);
  }
  console.log(`${name.padEnd(40)} ${best.toFixed(1)} ns`);
}

const cache = new GenerationalCache<number>(10_000);
for (const [i, key] of keys.entries()) cache.set(key, i, now + 900_000);
measure('hit, 4096 keys', (i) => cache.get(keys[i & 4095] as string, now));
measure('miss', () => cache.get('Bearer none', now));

const small = new GenerationalCache<number>(4096);
measure('hit or set, twice as many keys as fit', (i) => {
  const key = keys[(i * 7) & 4095] as string;
  if (small.get(key, now) === undefined) small.set(key, i, now + 900_000);
});
const fresh = Array.from({ length: calls }, (_, i) => `Bearer ${i}`);
measure('set, always another key', (i) => cache.set(fresh[i] as string, i, now + 900_000));
