import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ProblemList } from './problem-list.ts';

const names = Array.from({ length: 8000 }, (_, i) => `stock-${i}`);

test('a name is suggested among some, not among thousands', () => {
  const problems = new ProblemList('a.yaml', null);
  assert.equal(problems.suggest('stok', ['price', 'stock']), 'stock');
  assert.equal(problems.suggest('stok-1', names.slice(0, 100)), 'stock-1');
  assert.equal(problems.suggest('stok-1', names), undefined);
});

test('nothing is suggested any more when very much is wrong', () => {
  const problems = new ProblemList('a.yaml', null);
  for (let i = 0; i < 250; i++) problems.warn('', `${i}`, '');
  assert.equal(problems.suggest('stok', ['stock']), undefined);
});
