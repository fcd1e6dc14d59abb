import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Limit } from '../../core/policy.ts';
import { Fingerprinter } from '../../platform/fingerprint.ts';
import { RateCounters, type RateKey, rateKey } from './rate-counters.ts';
import { baseWord, countWord, RateSlots } from './rate-slots.ts';

const fingerprinter = new Fingerprinter(new Uint8Array(32).fill(5));
const start = 1_800_000_000_123;
const second = 1000;
const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;

const key = rateKey(fingerprinter, 'application', 7);
const open = (capacity = 64) => new RateCounters(RateCounters.allocate(capacity));
const limitOf = (count: number, windowMs = minute): Limit => ({ count, windowMs });

/** How many of `tries` are granted. */
function granted(counters: RateCounters, limit: Limit, nowMs: number, tries = 20, of: RateKey = key): number {
  let taken = 0;
  for (let i = 0; i < tries; i++) if (counters.take(of, limit, nowMs)) taken++;
  return taken;
}

test('grants exactly the count in a window, which starts at the first request and lasts its whole length', () => {
  for (const windowMs of [1, 17, second, minute, hour, day]) {
    const counters = open();
    const limit = limitOf(5, windowMs);
    let now = start;
    for (let window = 0; window < 5; window++) {
      assert.equal(granted(counters, limit, now), 5);
      assert.equal(granted(counters, limit, now + windowMs - 1), 0, `the last millisecond of ${windowMs}`);
      now += windowMs + (window % 2) * 3;
    }
  }
});

test('a window of a month lasts its length and at most a unit of 1024 ms more', () => {
  const counters = open();
  const limit = limitOf(5, 31 * day);
  assert.equal(granted(counters, limit, start), 5);
  assert.equal(granted(counters, limit, start + 31 * day - 1), 0);
  assert.equal(granted(counters, limit, start + 31 * day + 1024), 5);
});

test('a refused request does not count, nor does it move the window', () => {
  const counters = open();
  const limit = limitOf(2);
  assert.equal(granted(counters, limit, start, 1), 1);
  assert.equal(granted(counters, limit, start + minute - 1, 1000), 1);
  assert.equal(granted(counters, limit, start + minute), 2);
});

test('keys are counted apart', () => {
  const counters = open(1000);
  const keys = Array.from({ length: 1000 }, (_, i) => rateKey(fingerprinter, 'key', i));
  for (const [i, each] of keys.entries())
    assert.equal(granted(counters, limitOf(1 + (i % 7)), start, 9, each), 1 + (i % 7));
  for (const each of keys) assert.equal(granted(counters, limitOf(1), start, 9, each), 0);
  assert.equal(counters.size, 1000);
});

test('keys that share place or tag, or both but for one bit, are counted apart', () => {
  const counters = open();
  for (const position of [0, 1, 64, 64 << 16, -1]) {
    for (const tag of [0, 1, -1]) assert.equal(granted(counters, limitOf(2), start, 5, { position, tag }), 2);
  }
});

test('rate keys of different parts differ in both words, and are the same in every thread', () => {
  const names: (string | number)[][] = [['a', 1], ['a', 11], ['a', 1, 1], ['b', 1], ['a1']];
  assert.equal(new Set(names.map((parts) => rateKey(fingerprinter, ...parts).position)).size, names.length);
  assert.equal(new Set(names.map((parts) => rateKey(fingerprinter, ...parts).tag)).size, names.length);
  assert.deepEqual(rateKey(new Fingerprinter(new Uint8Array(32).fill(5)), 'a', 1), rateKey(fingerprinter, 'a', 1));
});

test('what was given back can be taken again, once', () => {
  const counters = open();
  const limit = limitOf(3);
  granted(counters, limit, start);
  const { window } = counters;
  assert.equal(counters.giveBack(key, window), true);
  assert.equal(granted(counters, limit, start + 1), 1);
  for (let i = 0; i < 3; i++) assert.equal(counters.giveBack(key, window), true);
  assert.equal(counters.giveBack(key, window), false, 'more than was taken');
  assert.equal(granted(counters, limit, start + 2), 3);
});

test('nothing is given back to a window that it was not taken from', () => {
  const counters = open();
  const limit = limitOf(3);
  granted(counters, limit, start);
  const { window } = counters;
  granted(counters, limit, start + minute);
  assert.equal(counters.giveBack(key, window), false);
  assert.equal(granted(counters, limit, start + minute), 0);
  assert.equal(counters.giveBack(rateKey(fingerprinter, 'unknown'), window), false);
});

test('remaining says how long the window lasts, for Retry-After', () => {
  const counters = open();
  const limit = limitOf(1);
  assert.equal(counters.remaining(key, limit, start), 0);
  counters.take(key, limit, start);
  assert.equal(counters.remaining(key, limit, start), minute);
  assert.equal(counters.remaining(key, limit, start + 59_999), 1);
  assert.equal(counters.remaining(key, limit, start + minute), 0);
  assert.equal(counters.remaining(key, limit, start - 5), minute, 'never more than the window');
  const monthly = rateKey(fingerprinter, 'monthly');
  counters.take(monthly, limitOf(1, 31 * day), start);
  const remaining = counters.remaining(monthly, limitOf(1, 31 * day), start + day);
  assert.ok(Math.abs(remaining - 30 * day) <= 1024);
});

test('a limit without a count or a window grants nothing', () => {
  const counters = open();
  for (const bad of [limitOf(0), limitOf(-1), limitOf(Number.NaN), limitOf(5, 0), limitOf(5, Number.NaN)]) {
    assert.equal(counters.take(key, bad, start), false);
  }
  assert.equal(granted(counters, limitOf(Number.POSITIVE_INFINITY), start), 20);
});

test('another count holds at once, a shorter window within its own length, a longer one from the next on', () => {
  const counters = open();
  assert.equal(granted(counters, limitOf(2, day), start), 2);
  assert.equal(granted(counters, limitOf(5, day), start), 3);
  assert.equal(granted(counters, limitOf(4, day), start), 0);
  assert.equal(granted(counters, limitOf(5, minute), start + hour), 0);
  assert.equal(granted(counters, limitOf(5, minute), start + hour + minute), 5);
  assert.equal(granted(counters, limitOf(5, day), start + hour + 2 * minute - 1), 0);
  assert.equal(granted(counters, limitOf(5, day), start + hour + 2 * minute), 5);
  assert.equal(granted(counters, limitOf(5, day), start + hour + 2 * minute + day - 1), 0);
});

test('a clock that steps back by less than half a day opens no new window; none makes one endless', () => {
  for (const [windowMs, back] of [
    [second, 10 * second],
    [minute, hour],
    [minute, 30 * day],
    [day, 12 * hour],
    [day, 2 * day],
  ] as const) {
    const counters = open();
    const limit = limitOf(5, windowMs);
    granted(counters, limit, start);
    const earlier = start - back;
    const again = granted(counters, limit, earlier);
    if (back <= 12 * hour) assert.equal(again, 0, 'what was taken stays counted');
    const bound = windowMs + Math.min(back, minute);
    assert.equal(granted(counters, limit, earlier + bound), 5, `${windowMs} back ${back}`);
  }
});

test('threads whose times differ by less than a minute share one window', () => {
  const counters = open();
  const limit = limitOf(4, second);
  assert.equal(granted(counters, limit, start, 2), 2);
  assert.equal(granted(counters, limit, start - 30_000), 2);
  assert.equal(granted(counters, limit, start + 999), 0);
  assert.equal(granted(counters, limit, start + 1000), 4);
});

test('counts and bases wrap without a trace', () => {
  for (const count of [-3, 0x7fff_fffd, 0x3fff_fffd, -(2 ** 30) - 3]) {
    const buffer = RateCounters.allocate(4);
    const counters = new RateCounters(buffer);
    const slots = new RateSlots(buffer);
    counters.take(key, limitOf(1), start);
    const at = slots.find(key);
    slots.words[at + countWord] = count;
    slots.words[at + baseWord] = (count << 2) | ((slots.words[at + baseWord] as number) & 3);
    assert.equal(granted(counters, limitOf(10), start), 10);
    assert.equal(counters.giveBack(key, counters.window), true);
    assert.equal(granted(counters, limitOf(10), start), 1);
    assert.equal(granted(counters, limitOf(10), start + minute), 10);
  }
});

test('a key that comes back after days finds a new window, however long it was idle', () => {
  for (const idle of [day, 2 ** 28, 2 ** 28 + 30 * second, 2 ** 28 - 30 * second, 400 * day]) {
    const counters = open();
    granted(counters, limitOf(5), start);
    for (let time = start; time < start + idle; time += 8 * hour) counters.sweep(time, 64);
    assert.equal(granted(counters, limitOf(5), start + idle), 5);
  }
});

test('sweeping leaves windows alone that are in force, however long', () => {
  for (const windowMs of [minute, day, 31 * day, 365 * day]) {
    const counters = open();
    granted(counters, limitOf(5, windowMs), start);
    counters.sweep(start + windowMs / 2, 64);
    counters.sweep(start + windowMs - 1, 64);
    assert.equal(counters.size, 1);
    assert.equal(granted(counters, limitOf(5, windowMs), start + windowMs - 1), 0);
    counters.sweep(start + windowMs + 2 * minute, 64);
    assert.equal(counters.size, 0);
  }
});

test('with no room for another key, new keys are refused and the others go on; sweeping makes room', () => {
  const counters = open(8);
  const keys = Array.from({ length: 9 }, (_, i) => rateKey(fingerprinter, 'k', i));
  const [last] = keys.splice(8) as [RateKey];
  for (const each of keys) assert.equal(counters.take(each, limitOf(2), start), true);
  assert.equal(counters.take(last, limitOf(2), start), false);
  assert.equal(counters.turnedAway, 1);
  for (const each of keys) assert.equal(counters.take(each, limitOf(2), start), true);

  counters.sweep(start + 2 * minute - 1, 16);
  assert.equal(counters.size, 8, 'windows stay for a minute after their end');
  assert.equal(counters.take(last, limitOf(2), start), false);
  counters.take(keys[0] as RateKey, limitOf(2), start + 2 * minute - 1);
  counters.sweep(start + 2 * minute, 16);
  assert.equal(counters.size, 1);
  assert.equal(granted(counters, limitOf(2), start + 2 * minute, 5, last), 2);
  assert.equal(granted(counters, limitOf(2), start + 2 * minute, 5, keys[0]), 1, 'its window was in force');
});

test('slots go round through many more keys than there are, each with its own count', () => {
  const counters = open(32);
  let now = start;
  for (let i = 0; i < 5000; i++) {
    const each = rateKey(fingerprinter, 'passing', i);
    assert.equal(granted(counters, limitOf(1 + (i % 3)), now, 5, each), 1 + (i % 3));
    now += 7 * second;
    counters.sweep(now, 8);
  }
  assert.equal(counters.turnedAway, 0);
  assert.ok(counters.size <= 32);
});

test('a capacity that is no size is an error', () => {
  for (const capacity of [0, -1, 1.5, Number.NaN, 2 ** 22]) {
    assert.throws(() => RateCounters.allocate(capacity), /expected a capacity from 1 to/);
  }
});
