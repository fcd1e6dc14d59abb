import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ManualClock } from '../../platform/clock.ts';
import type { Log } from '../../platform/log.ts';
import { settledTime } from '../../platform/settled-time.ts';
import { Freshness } from '../freshness.ts';
import { freshnessWatch } from './watch-freshness.ts';

/** @param known whether nothing was missing when it started */
function start(known = true, sourceStartup = 0) {
  const clock = new ManualClock(1_700_000_000_000);
  const freshness = new Freshness(Freshness.allocate(), clock);
  if (known) freshness.confirm(clock.elapsed());
  const lines: string[] = [];
  const reasons: string[] = [];
  const log = {
    error: (of: object) => lines.push(`alarm ${JSON.stringify(of)}`),
    info: () => lines.push('over'),
  } as unknown as Log;
  const settled = settledTime(clock);
  const look = freshnessWatch({
    freshness,
    clock,
    log,
    maxStaleness: 60_000,
    sourceStartup,
    failure: () => 'cable',
    settled,
    recall: (why) => reasons.push(why),
  });
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
  assert.deepEqual(lines, ['alarm {"alarm":"stale","stalenessSeconds":6,"closedAfterSeconds":60,"reason":"cable"}']);
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

test('a gateway that starts with no knowledge, or an old one, has 5 s for asking before the alarm', () => {
  for (const [age, seconds] of [
    [null, 'null'],
    [3_600_000, '3606'],
  ] as const) {
    const { freshness, lines, pass } = start(false);
    if (age !== null) freshness.confirmAge(age);
    pass(5);
    assert.deepEqual(lines, []);
    pass(1);
    assert.match(lines.join(), new RegExp(`"stalenessSeconds":${seconds},`));
  }
});

test('a gateway that hears of its source within 5 s of its start has nothing to say', () => {
  const { clock, freshness, lines, pass } = start(false);
  pass(4);
  freshness.confirm(clock.elapsed());
  pass(5);
  assert.deepEqual(lines, []);
});

test('a source that starts too has its time before the alarm, and no more than others once it was heard', () => {
  const silent = start(false, 30_000);
  silent.pass(30);
  assert.deepEqual(silent.lines, []);
  silent.pass(1);
  assert.equal(silent.lines.length, 1);

  const { clock, freshness, lines, pass } = start(false, 30_000);
  pass(10);
  freshness.confirm(clock.elapsed());
  pass(5);
  assert.deepEqual(lines, []);
  pass(1);
  assert.match(lines.join(), /"stalenessSeconds":6,/);
});

test('what was heard before the machine slept is as old as the sleep was long', () => {
  const { clock, freshness, pass } = start();
  pass(2);
  clock.set(clock.now() + 3_600_000);
  pass(1);
  assert.ok(freshness.age() >= 3_600_000, String(freshness.age()));
  freshness.confirm(clock.elapsed());
  clock.set(clock.now() + 2000);
  pass(1);
  assert.ok(freshness.age() < 2000, 'a small correction is none');
});

test('revocations are read again, once, when a clock that was believed goes back by more than a minute', () => {
  const { clock, look, pass, reasons } = start();
  pass(3601);
  for (const by of [-30_000, 1000, -20_000]) {
    clock.set(clock.now() + by);
    look();
  }
  assert.deepEqual(reasons, []);
  clock.set(clock.now() - 30_000);
  look();
  look();
  assert.deepEqual(reasons, ['the clock went back by 79 s']);
  clock.set(clock.now() - 7_200_000);
  look();
  look();
  assert.deepEqual(reasons.slice(1), ['the clock went back by 7200 s']);
});

test('revocations are read again when the clock is set right in the hour after the start: the copy may be of a wrong one', () => {
  const { clock, look, reasons } = start();
  clock.set(clock.now() - 1_200_000);
  look();
  look();
  assert.deepEqual(reasons, ['the clock went back by 1200 s']);
});

test('a clock that leaps ahead and comes back has nothing read again', () => {
  const { clock, look, pass, reasons } = start();
  pass(3601);
  clock.set(clock.now() + 7_200_000);
  pass(60);
  clock.set(clock.now() - 7_200_000);
  look();
  assert.deepEqual(reasons, []);
});
