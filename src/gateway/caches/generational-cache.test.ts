import assert from 'node:assert/strict';
import { test } from 'node:test';
import { GenerationalCache } from './generational-cache.ts';

const never = Number.POSITIVE_INFINITY;

test('an entry is good until the moment of its expiry', () => {
  const cache = new GenerationalCache<string>(4);
  cache.set('a', 'A', 1000);
  assert.equal(cache.get('a', 999), 'A');
  assert.equal(cache.get('a', 1000), undefined);
  assert.equal(cache.get('a', 999), undefined, 'gone for good');
  assert.equal(cache.size, 0);
});

test('an old entry expires as a young one does', () => {
  const cache = new GenerationalCache<string>(4);
  cache.set('a', 'A', 1000);
  cache.set('b', 'B', never);
  assert.equal(cache.get('a', 1000), undefined);
  assert.equal(cache.size, 1);
});

test('set replaces value and expiry, in either generation', () => {
  const cache = new GenerationalCache<string>(6);
  for (const fillers of [0, 2]) {
    cache.set('a', 'before', never);
    for (let i = 0; i < fillers; i++) cache.set(`filler ${i}`, '', never);
    cache.set('a', 'after', 1000);
    assert.equal(cache.get('a', 0), 'after');
    assert.equal(cache.get('a', 1000), undefined);
  }
});

test('an entry that was replaced does not come back when its successor is deleted', () => {
  const cache = new GenerationalCache<string>(4);
  cache.set('a', 'before', never);
  cache.set('b', 'B', never);
  cache.set('a', 'after', never);
  assert.equal(cache.size, 2);
  assert.equal(cache.delete('a'), true);
  assert.equal(cache.get('a', 0), undefined);
});

test('null is a value', () => {
  const cache = new GenerationalCache<string | null>(4);
  cache.set('a', null, never);
  assert.equal(cache.get('a', 0), null);
});

test('the last half of the capacity in keys used stays, whatever else comes', () => {
  const cache = new GenerationalCache<number>(100);
  let random = 1;
  const recent: string[] = [];
  for (let i = 0; i < 20_000; i++) {
    random = (Math.imul(random, 1_664_525) + 1_013_904_223) >>> 0;
    const key = String(random % 300);
    const expected = recent.includes(key);
    const found = cache.get(key, 0);
    if (expected) assert.equal(found, Number(key));
    if (found === undefined) cache.set(key, Number(key), never);
    if (expected) recent.splice(recent.indexOf(key), 1);
    recent.push(key);
    if (recent.length > 49) recent.shift();
    assert.ok(cache.size <= 100);
  }
});

test('what is not used for a whole capacity of others goes', () => {
  const cache = new GenerationalCache<number>(100);
  cache.set('first', 0, never);
  for (let i = 0; i < 100; i++) cache.set(String(i), i, never);
  assert.equal(cache.get('first', 0), undefined);
  assert.ok(cache.size <= 100);
});

test('delete and clear reach both generations', () => {
  const cache = new GenerationalCache<number>(4);
  cache.set('old', 1, never);
  cache.set('old too', 2, never);
  cache.set('young', 3, never);
  assert.equal(cache.delete('old'), true);
  assert.equal(cache.delete('young'), true);
  assert.equal(cache.delete('young'), false);
  assert.equal(cache.size, 1);
  cache.clear();
  assert.equal(cache.size, 0);
  assert.equal(cache.get('old too', 0), undefined);
});

test('hits and misses are counted', () => {
  const cache = new GenerationalCache<number>(4);
  cache.set('a', 1, 10);
  cache.get('a', 0);
  cache.get('a', 1);
  cache.get('a', 10);
  cache.get('b', 0);
  assert.deepEqual([cache.hits, cache.misses], [2, 2]);
});

test('a capacity below two keeps nothing', () => {
  for (const capacity of [0, 1]) {
    const cache = new GenerationalCache<string>(capacity);
    cache.set('a', 'A', 100);
    assert.deepEqual([cache.get('a', 0), cache.size], [undefined, 0]);
  }
});

test('a capacity that is no number from 0 on is an error', () => {
  assert.throws(() => new GenerationalCache(-1), /expected 0 or more, got -1/);
  assert.throws(() => new GenerationalCache(Number.NaN), RangeError);
});
