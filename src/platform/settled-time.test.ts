import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ManualClock } from './clock.ts';
import { settledTime } from './settled-time.ts';

const minute = 60_000;
const hour = 60 * minute;

function start() {
  const clock = new ManualClock(1_700_000_000_000);
  const now = settledTime(clock);
  const pass = (ms: number) => {
    for (let left = ms; left > 0; left -= minute) {
      clock.advance(Math.min(left, minute));
      now();
    }
  };
  return { clock, now, pass };
}

test('before everything in the first hour, then the time of the clock', () => {
  const { clock, now, pass } = start();
  assert.equal(now(), Number.NEGATIVE_INFINITY);
  pass(hour - minute);
  assert.equal(now(), Number.NEGATIVE_INFINITY);
  pass(minute);
  assert.equal(now(), clock.now());
  pass(10 * hour);
  assert.equal(now(), clock.now());
});

test('a clock that is set ahead is believed after an hour, and not before', () => {
  const { clock, now, pass } = start();
  now();
  pass(2 * hour);
  const right = clock.now();
  clock.set(right + 3 * hour);
  assert.equal(now(), right);
  pass(hour - minute);
  assert.equal(now(), right + hour - minute);
  pass(minute);
  assert.equal(now(), clock.now());
});

test('one that is set back is believed at once, and what was ahead before is forgotten', () => {
  const { clock, now, pass } = start();
  now();
  pass(2 * hour);
  clock.set(clock.now() + 3 * hour);
  pass(hour / 2);
  clock.set(clock.now() - 3 * hour);
  assert.equal(now(), clock.now());
  clock.set(clock.now() + 3 * hour);
  pass(hour - minute);
  assert.ok(now() < clock.now());
  clock.set(clock.now() - 5 * hour);
  assert.equal(now(), clock.now());
});

test('small steps are followed', () => {
  const { clock, now, pass } = start();
  now();
  pass(2 * hour);
  clock.set(clock.now() + minute);
  assert.equal(now(), clock.now());
});

test('another leap, or one in the first hour, begins the hour anew', () => {
  const { clock, now, pass } = start();
  pass(hour - minute);
  clock.set(clock.now() + 72 * hour);
  pass(hour - 2 * minute);
  assert.equal(now(), Number.NEGATIVE_INFINITY);
  pass(3 * minute);
  assert.equal(now(), clock.now());
});
