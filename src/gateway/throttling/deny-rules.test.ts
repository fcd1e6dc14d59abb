import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DenyRules } from './deny-rules.ts';

test('a rule is in force from put to delete, and says what it is about', () => {
  const rules = new DenyRules();
  assert.deepEqual([rules.aboutRequests, rules.aboutCallers], [false, false]);
  rules.put('a', { type: 'API', value: '/echo/1.0.0' }, null);
  rules.put('b', { type: 'USER', value: 'maria@carbon.super' }, null);
  rules.put('c', { type: 'APPLICATION', value: 'maria@carbon.super:app' }, 7);
  assert.deepEqual([rules.aboutRequests, rules.aboutCallers], [true, true]);
  assert.equal(rules.deniesRequest('/echo/1.0.0', '127.0.0.1'), true);
  assert.equal(rules.deniesRequest('/echo/2.0.0', '127.0.0.1'), false);
  assert.equal(rules.deniesCaller('maria@carbon.super', 1), true);
  assert.equal(rules.deniesCaller('ivan@carbon.super', 7), true);
  assert.equal(rules.deniesCaller('ivan@carbon.super', 8), false);
  for (const id of ['a', 'b', 'c', 'unknown']) rules.delete(id);
  assert.equal(rules.deniesRequest('/echo/1.0.0', '127.0.0.1'), false);
  assert.deepEqual([rules.aboutRequests, rules.aboutCallers], [false, false]);
});

test('a rule takes the place of the one with its id', () => {
  const rules = new DenyRules();
  rules.put('a', { type: 'APPLICATION', value: 'maria@carbon.super:app' }, 7);
  rules.put('a', { type: 'APPLICATION', value: 'maria@carbon.super:app' }, null);
  assert.equal(rules.deniesCaller('maria@carbon.super', 7), false);
  rules.put('a', { type: 'USER', value: 'maria@carbon.super' }, null);
  rules.put('a', { type: 'USER', value: 'maria@carbon.super' }, null);
  assert.equal(rules.deniesCaller('maria@carbon.super', 7), true);
});

test('addresses: one, a range, all others; in either spelling; and nobody knows which', () => {
  const denies = (rule: Parameters<DenyRules['put']>[1], address: string): boolean => {
    const rules = new DenyRules();
    rules.put('a', rule, null);
    return rules.deniesRequest('/x', address);
  };
  const one = { type: 'IP', value: '10.0.0.1' } as const;
  const range = { type: 'IPRANGE', value: '10.0.0.1-10.0.0.9' } as const;
  for (const [rule, address, denied] of [
    [one, '10.0.0.1', true],
    [one, '::ffff:10.0.0.1', true],
    [one, '10.0.0.2', false],
    [{ ...one, invert: true }, '10.0.0.1', false],
    [{ ...one, invert: true }, '10.0.0.2', true],
    [range, '10.0.0.9', true],
    [range, '10.0.0.10', false],
    [{ ...range, invert: true }, '10.0.0.5', false],
    [{ ...range, invert: true }, '2001:db8::1', true],
    [one, 'unix', true],
  ] as const) {
    assert.equal(denies(rule, address), denied, `${JSON.stringify(rule)} ${address}`);
  }
});

test('a rule that can not be used leaves the one before in force', () => {
  const rules = new DenyRules();
  rules.put('a', { type: 'IP', value: '10.0.0.1' }, null);
  assert.throws(() => rules.put('a', { type: 'IP', value: 'localhost' }, null), /no IP address/);
  assert.equal(rules.deniesRequest('/x', '10.0.0.1'), true);
});

test('who two rules are about stays shut out when one of them is gone', () => {
  const rules = new DenyRules();
  // As in a snapshot after a rule was deleted and made again: the new one comes before the old one goes.
  const pairs = [
    [{ type: 'API', value: '/echo/1.0.0' }],
    [{ type: 'USER', value: 'maria@carbon.super' }],
    [{ type: 'APPLICATION', value: 'maria@carbon.super:app' }],
    [
      { type: 'IP', value: '10.0.0.1' },
      { type: 'IP', value: '::ffff:10.0.0.1' },
    ],
  ] as const;
  const denied = () => [
    rules.deniesRequest('/echo/1.0.0', '10.0.0.9'),
    rules.deniesCaller('maria@carbon.super', 1),
    rules.deniesCaller('ivan@carbon.super', 7),
    rules.deniesRequest('/x', '10.0.0.1'),
  ];
  for (const [at, [old]] of pairs.entries()) rules.put(`old ${at}`, old, 7);
  for (const [at, [old, other = old]] of pairs.entries()) rules.put(`new ${at}`, other, 7);
  for (const at of pairs.keys()) rules.delete(`old ${at}`);
  assert.deepEqual([...denied(), rules.aboutRequests, rules.aboutCallers], [true, true, true, true, true, true]);
  for (const at of pairs.keys()) rules.delete(`new ${at}`);
  assert.deepEqual([...denied(), rules.aboutRequests, rules.aboutCallers], [false, false, false, false, false, false]);
});
