import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ManualClock } from '../../platform/clock.ts';
import type { Log } from '../../platform/log.ts';
import { Freshness } from '../freshness.ts';
import { freshnessWatch } from './watch-freshness.ts';

function start() {
  const clock = new ManualClock(1_700_000_000_000);
  const freshness = new Freshness(Freshness.allocate(), clock);
  freshness.confirm(clock.elapsed());
  const lines: string[] = [];
  const reasons: string[] = [];
  const log = {
    error: (of: object) => lines.push(`alarm ${JSON.stringify(of)}`),
    info: () => lines.push('over'),
  } as unknown as Log;
  const look = freshnessWatch({ freshness, clock, log, maxStaleness: 60_000, readAnew: (why) => reasons.push(why) });
  const pass = (seconds: number) => {
    for (let i = 0; i < seconds * 2; i++) {
      clock.advance(500);
      look();
    }
  };
  return { clock, freshness, lines, reasons, look, pass };
}

test('an alarm after 5 s without word, again every minute, and its end', () => {
  const { clock, freshness, lines, pass } = start();
  pass(5);
  assert.deepEqual(lines, []);
  pass(1);
  assert.deepEqual(lines, ['alarm {"alarm":"stale","stalenessSeconds":6,"closedAfterSeconds":60}']);
  pass(59);
  assert.equal(lines.length, 1);
  pass(2);
  assert.equal(lines.length, 2);
  freshness.confirm(clock.elapsed());
  pass(1);
  assert.equal(lines.at(-1), 'over');
  pass(3);
  assert.equal(lines.length, 3);
});

test('a clock that is set back by more than a minute has everything read anew, once; forward or a little nothing', () => {
  const { clock, look, reasons } = start();
  for (const by of [3_600_000, -30_000, 1000, -59_000]) {
    clock.set(clock.now() + by);
    look();
  }
  assert.deepEqual(reasons, []);
  clock.set(clock.now() - 7_200_000);
  look();
  look();
  assert.deepEqual(reasons, ['the clock went back by 7200 s']);
});
