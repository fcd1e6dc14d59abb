import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Bounds } from './bounds.ts';
import type { History, OutageRecord } from './history.ts';
import { historyOf } from './history-sample.ts';

const [open, closed, two] = [0, 1, 2];
const [normal, failover, returned, hung] = [1000, 5000, 1000, 4000];
const at = 10_000;

const boundOf = (gateway: number, history: Partial<History>) => {
  const { situation, until } = new Bounds(historyOf(history)).of(gateway, at);
  return [situation, until - at];
};

const outage = (gateway: number, from: number, until: number | null, more: Partial<OutageRecord> = {}) =>
  ({ gateway, source: 0, how: 'broken', delay: 0, from, until, ...more }) as const;

test('normal: nothing is broken', () => {
  for (const gateway of [open, closed, two]) assert.deepEqual(boundOf(gateway, {}), ['normal', normal]);
});

test('normal: what is broken elsewhere, or healed long ago, is no excuse', () => {
  const outages = [outage(two, 9000, null), outage(open, 1000, 2000)];
  assert.deepEqual(boundOf(open, { outages }), ['normal', normal]);
});

test('returned: a second after the only source is there again', () => {
  const outages = [outage(open, 9000, 13_000)];
  assert.deepEqual(boundOf(open, { outages }), ['returned', 3000 + returned]);
});

test('hung: where the source had fallen silent, its silence has to be noticed', () => {
  const outages = [outage(open, 9000, 13_000, { how: 'silent' })];
  assert.deepEqual(boundOf(open, { outages }), ['hung', 3000 + hung]);
});

test('cut: no bound while the only source is away, or does not stay', () => {
  assert.deepEqual(boundOf(open, { outages: [outage(open, 9000, null)] }), ['cut', Number.POSITIVE_INFINITY]);
  const flapping = [outage(open, 9000, 13_000), outage(open, 13_500, null)];
  assert.deepEqual(boundOf(open, { outages: flapping }), ['cut', Number.POSITIVE_INFINITY]);
});

test('failover: one of two sources is away', () => {
  for (const source of [0, 1]) {
    const outages = [outage(two, 9000, null, { source, how: 'silent' })];
    assert.deepEqual(boundOf(two, { outages }), ['failover', failover]);
  }
});

test('closed: whatever is away, its knowledge gets too old', () => {
  assert.deepEqual(boundOf(closed, { outages: [outage(closed, 9000, null)] }), ['closed', 4000 + normal]);
});

test('a gateway that was down has to know it when it serves again, if its source was there', () => {
  const lives = [
    { gateway: open, spawned: 0, ready: 1000, died: at + 200 },
    { gateway: open, spawned: at + 500, ready: at + 2500, died: null },
  ];
  assert.deepEqual(boundOf(open, { lives }), ['returned', 2500]);
});

test('a gateway that was down and found no source has until that is there', () => {
  const lives = [
    { gateway: open, spawned: 0, ready: 1000, died: at + 200 },
    { gateway: open, spawned: at + 500, ready: at + 2500, died: null },
  ];
  const outages = [outage(open, at - 100, at + 5000)];
  assert.deepEqual(boundOf(open, { lives, outages }), ['returned', 5000 + returned]);
});

test('slow connections and a scarce processor give so much more', () => {
  const [, slow] = boundOf(open, { outages: [outage(open, 9000, null, { how: 'slow', delay: 50 })] });
  assert.ok((slow as number) > normal && (slow as number) < normal + 1000);
  const scarce = (waited: number) => ({ scarcity: [{ at: at + 1000, ms: 1000, waited }] });
  assert.deepEqual(boundOf(open, scarce(500)), ['normal', normal * 2]);
  assert.deepEqual(boundOf(open, scarce(1000)), ['normal', normal * 4]);
});
