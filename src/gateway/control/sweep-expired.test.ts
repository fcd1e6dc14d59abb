import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { ManualClock } from '../../platform/clock.ts';
import { Fingerprinter } from '../../platform/fingerprint.ts';
import { createLog } from '../../platform/log.ts';
import { settledTime } from '../../platform/settled-time.ts';
import { RevokedSet } from '../revocation/revoked-set.ts';
import { identifyToken } from '../revocation/token-identity.ts';
import type { RateCounters } from '../throttling/rate-counters.ts';
import { sweepExpired } from './sweep-expired.ts';

const hour = 3_600_000;

test('a revocation stays while the clock is hours ahead, and goes an hour after its token and the hour of the start', (t) => {
  t.mock.timers.enable({ apis: ['setInterval'] });
  const clock = new ManualClock(1_700_000_000_000);
  const fingerprinter = new Fingerprinter(randomBytes(32));
  const revoked = new RevokedSet(fingerprinter, { capacity: 1000 });
  const none = { sweep() {} } as unknown as RateCounters;
  const log = createLog({ name: 'test', level: 'silent' });
  const stop = sweepExpired({ revoked, counters: none, proofs: none, clock, settled: settledTime(clock), log });
  t.after(stop);
  const pass = (ms: number) => {
    for (let left = ms; left > 0; left -= 1000) {
      clock.advance(1000);
      t.mock.timers.tick(1000);
    }
  };
  pass(2 * hour);
  const token = identifyToken(fingerprinter, { issuer: 'https://us', jti: 'one', iat: clock.now() / 1000 });
  const isRevoked = () => {
    token.cleanAt = -1;
    return revoked.isRevoked(token);
  };
  const expires = (clock.now() + hour) / 1000;
  revoked.add({ type: 'token', issuer: 'https://us', value: 'one', expires });
  clock.set(clock.now() + 5 * hour);
  pass(10_000);
  assert.equal(isRevoked(), true);
  clock.set(clock.now() - 5 * hour);
  pass(1.5 * hour);
  assert.equal(isRevoked(), true);
  pass(hour);
  assert.equal(isRevoked(), false);
});
