import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Exchange } from '../exchange.ts';
import { compileGroup } from './conditional-groups.ts';

const limit = { count: 1, windowMs: 60_000 };
const withAgent = (value: string): Exchange => ({ wire: { header: () => value } }) as unknown as Exchange;

test('nobody leaves a group by making a value longer; its first 2048 characters count', () => {
  const { fits } = compileGroup({ conditions: [{ type: 'header', name: 'user-agent', pattern: 'bot' }], limit });
  assert.equal(fits(withAgent('bot')), true);
  assert.equal(fits(withAgent(`bot${' '.repeat(5000)}x`)), true);
  assert.equal(fits(withAgent(`${'x'.repeat(2045)}bot`)), true);
  assert.equal(fits(withAgent(`${'x'.repeat(2048)}bot`)), false);
});

test('nor does anybody enter one that wants the opposite', () => {
  const { fits } = compileGroup({
    conditions: [{ type: 'header', name: 'user-agent', pattern: 'bot', invert: true }],
    limit,
  });
  assert.equal(fits(withAgent(`bot${' '.repeat(5000)}x`)), false);
});
