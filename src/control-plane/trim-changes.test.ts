import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ManualClock } from '../platform/clock.ts';
import { silentLog } from '../platform/log.ts';
import { trimChanges } from './trim-changes.ts';

const hour = 3_600_000;

test('every hour what is older than the retention goes, but not by a clock that leapt ahead', (t) => {
  t.mock.timers.enable({ apis: ['setInterval'] });
  const clock = new ManualClock(1_700_000_000_000);
  const trimmed: number[] = [];
  const changes = { trim: async (olderThan: number) => void trimmed.push(olderThan) };
  t.after(trimChanges({ changes, clock, log: silentLog, retention: 24 }));
  const pass = () => {
    clock.advance(hour);
    t.mock.timers.tick(hour);
    return trimmed.splice(0);
  };
  assert.deepEqual(pass(), [clock.now() - 24 * hour]);
  assert.deepEqual(pass(), [clock.now() - 24 * hour]);
  const right = clock.now();
  clock.set(right + 72 * hour);
  assert.deepEqual(pass(), [right + hour - 24 * hour]);
  clock.set(right + hour);
  assert.deepEqual(pass(), [right + 2 * hour - 24 * hour]);
});
