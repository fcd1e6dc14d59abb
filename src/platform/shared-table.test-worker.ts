/** A reader for shared-table.test.ts: looks up all keys until it is told to stop, and reports what it saw. */
import { parentPort, workerData } from 'node:worker_threads';
import { SharedTableReader } from './shared-table.ts';

const keys: readonly Uint32Array[] = workerData.keys;
/** So many keys from the first on are always there; the others come and go. The value words of key n are n and n. */
const steady: number = workerData.steady;
const table = new SharedTableReader(workerData.table);
/** [told to stop, readers that began] */
const control = new Int32Array(workerData.control);

let missed = 0;
let mixed = 0;
let seen = 0;
let rounds = 0;
Atomics.add(control, 1, 1);
Atomics.notify(control, 1);
while (Atomics.load(control, 0) === 0) {
  for (const [n, key] of keys.entries()) {
    const slot = table.find(key, 0);
    if (slot < 0) {
      if (n < steady) missed++;
      continue;
    }
    const values = [table.value(slot, 0), table.value(slot, 1)];
    if (!table.holds(slot, key, 0)) continue;
    if (n >= steady) seen++;
    if (values[0] !== n || values[1] !== n) mixed++;
  }
  rounds++;
}
parentPort?.postMessage({ missed, mixed, seen, rounds });
