/** Cost of a look-up with a million keys. `node src/platform/shared-table.bench.ts` */
import { SharedTable } from './shared-table.ts';

const capacity = 1_000_000;
const calls = 2 ** 20;

let state = 1;
const random = () => {
  state = (Math.imul(state ^ (state >>> 15), 0x2c1b3c6d) + 0x9e3779b1) | 0;
  return Math.imul(state ^ (state >>> 12), 0x297a2d39);
};
const keys = (count: number) => new Uint32Array(4 * count).map(random);

function measure(name: string, call: (i: number) => void): void {
  let best = Number.POSITIVE_INFINITY;
  for (let round = 0; round < 5; round++) {
    const start = process.hrtime.bigint();
    for (let i = 0; i < calls; i++) call(i);
    best = Math.min(best, Number(process.hrtime.bigint() - start) / calls);
  }
  console.log(`${name.padEnd(40)} ${best.toFixed(1)} ns`);
}

const table = new SharedTable({ capacity, valueWords: 2 });
const present = keys(capacity);
const absent = keys(calls);
for (let i = 0; i < capacity; i++) table.put(present, 4 * i, [i, i]);
console.log(`${table.size} keys`);

measure('find, miss, keys all different', (i) => table.find(absent, 4 * i));
measure('find, miss, 4096 keys', (i) => table.find(absent, 4 * (i & 4095)));
measure('find and value, hit, keys all different', (i) => table.value(table.find(present, 4 * (i % capacity)), 0));

// The oldest goes, a new one comes, at full load: two whole populations.
const newer = keys(2 * capacity);
const turnover = process.hrtime.bigint();
for (let i = 0; i < 2 * capacity; i++) {
  if (i < capacity) table.delete(present, 4 * i);
  else table.delete(newer, 4 * (i - capacity));
  table.put(newer, 4 * i, [i, i]);
}
const each = Number(process.hrtime.bigint() - turnover) / (2 * capacity);
console.log(`${'delete the oldest and put a new one'.padEnd(40)} ${each.toFixed(1)} ns`);
measure('find, miss, after that', (i) => table.find(absent, 4 * i));

let cursor = 0;
measure('sweep, each place', () => {
  cursor = table.sweep(cursor, 1, () => false);
});
