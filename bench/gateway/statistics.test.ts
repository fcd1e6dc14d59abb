import assert from 'node:assert/strict';
import { it } from 'node:test';
import { estimate } from './statistics.ts';

it('the interval of a median is that of the tables: 4th and 12th of 15 values, 6th and 15th of 20', () => {
  const values = (n: number): number[] => Array.from({ length: n }, (_, i) => n - i);
  assert.deepEqual(estimate(values(15)), { median: 8, low: 4, high: 12 });
  assert.deepEqual(estimate(values(20)), { median: 10.5, low: 6, high: 15 });
  assert.deepEqual(estimate(values(6)), { median: 3.5, low: 1, high: 6 });
});

it('of few values it is their range', () => {
  assert.deepEqual(estimate([3, 1]), { median: 2, low: 1, high: 3 });
  assert.deepEqual(estimate([5]), { median: 5, low: 5, high: 5 });
});
