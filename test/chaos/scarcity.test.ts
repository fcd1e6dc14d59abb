import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Scarcity } from './scarcity.ts';

test('what was waited in a span is the sum of its samples, and parts of those at its ends', () => {
  const scarcity = new Scarcity([
    { at: 100, ms: 100, waited: 50 },
    { at: 200, ms: 100, waited: 0 },
    { at: 300, ms: 100, waited: 100 },
  ]);
  assert.equal(scarcity.between(0, 300), 150);
  assert.equal(scarcity.between(50, 250), 75);
  assert.equal(scarcity.between(110, 190), 0);
  assert.equal(scarcity.between(-500, 5000), 150);
});

test('nothing was waited where nothing was measured', () => {
  assert.equal(new Scarcity([]).between(0, 1000), 0);
});
