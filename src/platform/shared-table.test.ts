import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { Worker } from 'node:worker_threads';
import { SharedTable, SharedTableReader } from './shared-table.ts';

/** A well mixed key for a number. */
function keyOf(n: number): Uint32Array {
  const key = new Uint32Array(4);
  let h = n;
  for (let i = 0; i < 4; i++) {
    h = Math.imul(h ^ (h >>> 16) ^ (i * 0x9e3779b1), 0x21f0aaad);
    h = Math.imul(h ^ (h >>> 15), 0x735a2d97);
    key[i] = h ^ (h >>> 15);
  }
  return key;
}

function random(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

test('agrees with a Map over a long random life at full load', () => {
  const table = new SharedTable({ capacity: 256, valueWords: 2 });
  const reader = new SharedTableReader(table.buffer);
  const truth = new Map<number, [number, number]>();
  const next = random(1);
  let cursor = 0;
  for (let step = 0; step < 60_000; step++) {
    const n = next(600);
    const key = keyOf(n);
    switch (next(4)) {
      case 0:
      case 1: {
        const values: [number, number] = [n, 0xffff_ffff - step];
        const room = truth.has(n) || truth.size < 256;
        assert.equal(table.put(key, 0, values), room);
        if (room) truth.set(n, values);
        break;
      }
      case 2:
        assert.equal(table.delete(key, 0), truth.delete(n));
        break;
      case 3:
        cursor = table.sweep(cursor, 16, (slot) => {
          if (table.value(slot, 0) % 7 !== 0) return false;
          truth.delete(table.value(slot, 0));
          return true;
        });
    }
    if (step % 500 === 0) {
      for (let m = 0; m < 600; m++) {
        const slot = reader.find(keyOf(m), 0);
        const values = slot < 0 ? undefined : [reader.value(slot, 0), reader.value(slot, 1)];
        assert.deepEqual(values, truth.get(m));
      }
    }
    assert.equal(reader.size, truth.size);
  }
});

test('put on a full table changes nothing and says so; a present key can still be updated', () => {
  const table = new SharedTable({ capacity: 3, valueWords: 1 });
  for (let n = 0; n < 3; n++) assert.equal(table.put(keyOf(n), 0, [n]), true);
  assert.equal(table.put(keyOf(3), 0, [3]), false);
  assert.equal(table.find(keyOf(3), 0), -1);
  assert.equal(table.put(keyOf(1), 0, [11]), true);
  assert.equal(table.value(table.find(keyOf(1), 0), 0), 11);
  table.delete(keyOf(0), 0);
  assert.equal(table.put(keyOf(3), 0, [3]), true);
  assert.equal(table.size, 3);
});

test('keys that differ in one word only, or begin with the two marks, are different keys', () => {
  const table = new SharedTable({ capacity: 64, valueWords: 1 });
  const keys = [
    [9, 9, 9, 9],
    [8, 9, 9, 9],
    [9, 8, 9, 9],
    [9, 9, 8, 9],
    [9, 9, 9, 8],
    [0, 0, 1, 1],
    [0, 1, 1, 1],
    [0xffff_ffff, 0xffff_ffff, 0xffff_ffff, 0xffff_ffff],
    [0x8000_0000, 0x8000_0000, 0x8000_0000, 0x8000_0000],
  ].map((words) => Uint32Array.from(words));
  for (const [i, key] of keys.entries()) table.put(key, 0, [i]);
  assert.equal(table.size, keys.length);
  for (const [i, key] of keys.entries()) assert.equal(table.value(table.find(key, 0), 0), i);
});

test('a key that lies behind a deleted one in its run is still found, also past the end of the table', () => {
  const table = new SharedTable({ capacity: 4, valueWords: 0 });
  const last = (n: number) => Uint32Array.of(7, 100 + n, n, n);
  for (let n = 0; n < 4; n++) table.put(last(n), 0, []);
  table.delete(last(1), 0);
  assert.deepEqual(
    [0, 1, 2, 3].map((n) => table.find(last(n), 0)),
    [7, -1, 1, 2],
  );
  table.put(last(4), 0, []);
  assert.equal(table.find(last(4), 0), 0, 'takes the place of the deleted one');
});

test('a run leaves no deleted slots behind once it is gone', () => {
  const table = new SharedTable({ capacity: 8, valueWords: 0 });
  const words = new Int32Array(table.buffer);
  const blank = words.slice(16).filter((word, i) => i % 4 === 0 && word !== 0).length;
  assert.equal(blank, 0);
  const key = (n: number) => Uint32Array.of(3, 100 + n, n, n);
  for (let n = 0; n < 8; n++) table.put(key(n), 0, []);
  for (const n of [2, 5, 0, 3, 7, 1, 6, 4]) table.delete(key(n), 0);
  const marks = words.slice(16).filter((word, i) => i % 4 === 0 && word !== 0);
  assert.deepEqual([...marks], []);
});

test('holds tells a slot that went to another key', () => {
  const table = new SharedTable({ capacity: 2, valueWords: 1 });
  const mine = Uint32Array.of(0, 10, 1, 1);
  const other = Uint32Array.of(0, 10, 1, 2);
  table.put(mine, 0, [1]);
  const slot = table.find(mine, 0);
  assert.equal(table.holds(slot, mine, 0), true);
  table.delete(mine, 0);
  assert.equal(table.holds(slot, mine, 0), false);
  table.put(other, 0, [2]);
  assert.equal(table.find(other, 0), slot);
  assert.equal(table.holds(slot, mine, 0), false);
});

test('a million keys at two words each take 48 MiB', () => {
  const { buffer } = new SharedTable({ capacity: 1_000_000, valueWords: 2 });
  assert.ok(buffer.byteLength <= 50_331_648 + 64);
});

test('a capacity that is no size is an error', () => {
  for (const capacity of [0, -1, 1.5, Number.NaN, 2 ** 27]) {
    assert.throws(() => new SharedTable({ capacity, valueWords: 1 }), /capacity: expected an integer from 1 to/);
  }
});

test('readers on other threads miss no present key and mix up no values while others come and go', async (t) => {
  const table = new SharedTable({ capacity: 512, valueWords: 2 });
  const keys = Array.from({ length: 2128 }, (_, n) => keyOf(n));
  const steady = 128;
  for (let n = 0; n < steady; n++) table.put(keyOf(n), 0, [n, n]);
  const control = new Int32Array(new SharedArrayBuffer(16)); // [stop, readers that began]
  const readers = [0, 1].map(() => {
    const workerData = { table: table.buffer, control: control.buffer, keys, steady };
    return new Worker(new URL('./shared-table.test-worker.ts', import.meta.url), { workerData });
  });
  t.after(() => Promise.all(readers.map((worker) => worker.terminate())));
  const outcomes = readers.map((worker) => once(worker, 'message'));
  for (let began = 0; began < 2; began = Atomics.load(control, 1)) {
    assert.notEqual(Atomics.wait(control, 1, began, 20_000), 'timed-out', 'a reader did not begin');
  }

  const next = random(5);
  for (let step = 0; step < 200_000; step++) {
    const n = steady + next(keys.length - steady);
    const key = keys[n] as Uint32Array;
    if (!table.delete(key, 0)) table.put(key, 0, [n, n]);
    const again = next(steady);
    table.put(keys[again] as Uint32Array, 0, [again, again]);
  }
  Atomics.store(control, 0, 1);
  for (const outcome of outcomes) {
    const [report] = (await outcome) as [{ missed: number; mixed: number; rounds: number; seen: number }];
    assert.ok(report.rounds > 0 && report.seen > 0, 'it looked while the writer wrote');
    assert.equal(report.missed, 0);
    assert.equal(report.mixed, 0);
  }
});
