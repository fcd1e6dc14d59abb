import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ManualClock } from '../../platform/clock.ts';
import { Freshness } from '../freshness.ts';
import type { FollowerState } from './follower.ts';
import { gaugesOf } from './gauges.ts';
import { renderMetrics } from './prometheus.ts';

const state: FollowerState = {
  source: 'hub',
  connected: true,
  position: 'e-1:24',
  head: 26,
  lag: 2,
  lastConfirmedHeadMs: 1,
  stalenessMs: 1,
  caughtUp: true,
  reloads: 1,
  gaps: 3,
  refused: 0,
  repeated: 0,
  malformed: 0,
  sourceFailure: null,
  diskFailure: null,
};

/** The lines that are no comments. */
function rendered(source: FollowerState | null, freshness: Freshness | null): string[] {
  const process = { ready: true, threads: 2, revoked: { size: 5, capacity: 10 } };
  const lines = renderMetrics([], gaugesOf({ ...process, source, freshness })).split('\n');
  return lines.filter((line) => line !== '' && !line.startsWith('#'));
}

test('position, head, lag and staleness of the source that is followed', () => {
  const clock = new ManualClock(1_900_000_000_000);
  const freshness = new Freshness(Freshness.allocate(), clock);
  freshness.confirm(clock.elapsed());
  clock.advance(1500);
  const lines = rendered(state, freshness);
  for (const line of [
    'postern_ready 1',
    'postern_revocations 5',
    'postern_source_gaps_total 3',
    'postern_position 24',
    'postern_head 26',
    'postern_lag 2',
    'postern_staleness_seconds 1.5',
  ])
    assert.ok(lines.includes(line), `${line} in ${lines.join()}`);
});

test('before anything is heard the staleness is +Inf, and there is no position, head or lag', () => {
  const freshness = new Freshness(Freshness.allocate(), new ManualClock(0));
  const lines = rendered({ ...state, connected: false, position: null, head: null, lag: null }, freshness);
  assert.ok(lines.includes('postern_staleness_seconds +Inf'), lines.join());
  assert.ok(!lines.some((line) => /position|head|lag/.test(line)), lines.join());
});

test('without a source there is no staleness', () => {
  assert.ok(!rendered(null, null).some((line) => line.includes('staleness')));
});
