import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type FaultKind, faultTypes } from './faults.ts';
import { gatewayKinds } from './gateway-node.ts';
import { randomFrom } from './random.ts';
import { schedule } from './schedule.ts';

const kinds = Object.keys(faultTypes) as FaultKind[];

test('the same seed gives the same faults, another one others', () => {
  assert.deepEqual(schedule(randomFrom(5), 60, kinds), schedule(randomFrom(5), 60, kinds));
  assert.notDeepEqual(schedule(randomFrom(5), 60, kinds), schedule(randomFrom(6), 60, kinds));
});

test('a run of a minute has every kind, within its time', () => {
  const faults = schedule(randomFrom(1), 60, kinds);
  assert.deepEqual(new Set(faults.map(({ kind }) => kind)), new Set(kinds));
  for (const { at, lasts } of faults) assert.ok(at > 0 && at < 60 && lasts > 0);
});

test('events are spoiled only where they can be', () => {
  const faults = schedule(randomFrom(2), 600, ['events dropped']);
  assert.ok(faults.length > 100);
  for (const { target } of faults) assert.ok(gatewayKinds[target]?.mistreated);
});
