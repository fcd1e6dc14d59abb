import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ManualClock } from '../platform/clock.ts';
import { Freshness } from './freshness.ts';

test('staleness is the time since nothing was missing, whoever reads it and whatever the time of day', () => {
  const clock = new ManualClock(1_700_000_000_000);
  clock.advance(100_000);
  const buffer = Freshness.allocate();
  const [main, thread] = [new Freshness(buffer, clock), new Freshness(buffer, clock)];
  assert.equal(thread.age(), Number.POSITIVE_INFINITY);
  main.confirm(clock.elapsed());
  assert.equal(thread.age(), 0);
  clock.advance(7000);
  assert.equal(thread.age(), 7000);
  clock.set(1);
  assert.equal(thread.age(), 7000);
});

test('a disk copy is as old as it says, also when that is before the machine was started', () => {
  const clock = new ManualClock(0);
  const freshness = new Freshness(Freshness.allocate(), clock);
  freshness.confirmAge(3_600_000);
  assert.equal(freshness.age(), 3_600_000);
  freshness.confirmAge(-1000);
  assert.equal(freshness.age(), 0);
  clock.advance(60_000);
  freshness.confirmAge(-5000);
  assert.equal(freshness.age(), 60_000, 'a copy from the future tells nothing');
  freshness.confirmAge(1e15);
  assert.ok(freshness.age() > 1e9 && Number.isFinite(freshness.age()));
});
