import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Endpoint } from '../../core/api.ts';
import { Backend, joinTarget } from './backend.ts';

const make = (endpoint: Partial<Endpoint>): Backend =>
  new Backend({ url: 'http://a', ...endpoint }, (origin) => ({ origin, close() {}, present() {} }), 1000);
const others = ['http://b', 'http://c'];
const order = (backend: Backend, now: number, count: number): number[] =>
  Array.from({ length: count }, () => backend.first(now));

test('addresses in turn; one that failed is passed over for some seconds', () => {
  const backend = make({ others });
  assert.deepEqual(order(backend, 0, 4), [0, 1, 2, 0]);
  backend.failed(1, 0);
  assert.deepEqual(order(backend, 4_999, 3), [2, 2, 0]);
  assert.deepEqual(order(backend, 5_000, 3), [1, 2, 0]);
});

test('failover: the first of those that did not just fail, and the first of all after a while', () => {
  const backend = make({ others, type: 'failover' });
  assert.deepEqual(order(backend, 0, 2), [0, 0]);
  backend.failed(0, 0);
  assert.deepEqual(order(backend, 1, 2), [1, 1]);
  backend.failed(1, 0);
  assert.deepEqual(order(backend, 1, 1), [2]);
  assert.deepEqual(order(backend, 5_000, 2), [0, 0]);
});

test('when all have failed one is tried all the same', () => {
  const backend = make({ others, type: 'failover' });
  for (const at of [0, 1, 2]) backend.failed(at, 0);
  assert.equal(backend.first(1), 0);
});

test('a request goes to each address once', () => {
  const backend = make({ others });
  assert.deepEqual([backend.next(1, 1), backend.next(2, 1), backend.next(0, 1)], [2, 0, -1]);
  assert.equal(make({}).next(0, 0), -1);
});

const joined: readonly [path: string, query: string, rest: string, target: string][] = [
  ['', '', '', '/'],
  ['', '', '?q=1', '/?q=1'],
  ['', '', '/x', '/x'],
  ['/a', '', '', '/a'],
  ['/a', '', '/x?q=1', '/a/x?q=1'],
  ['/a', 'k=1', '/x', '/a/x?k=1'],
  ['/a', 'k=1', '/x?q=1', '/a/x?k=1&q=1'],
  ['', 'k=1', '?', '/?k=1'],
];
for (const [path, query, rest, target] of joined) {
  test(`the address ${path}?${query} and the rest ${rest} make ${target}`, () => {
    assert.equal(joinTarget({ path, query }, rest), target);
  });
}

test('an address that is no URL is refused', () => {
  assert.throws(() => make({ others: ['nonsense'] }), TypeError);
});
