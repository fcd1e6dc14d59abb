/** Lets go, in small steps, of what has expired in shared memory. */
import type { Clock } from '../../platform/clock.ts';
import type { RevokedSet } from '../revocation/revoked-set.ts';
import type { RateCounters } from '../throttling/rate-counters.ts';

/** Milliseconds between steps, and places looked at in each: a table of a million entries is gone through in minutes. */
const interval = 1000;
const places = 16_384;

/** Returns the function that ends it. */
export function sweepExpired(revoked: RevokedSet, counters: RateCounters, clock: Clock): () => void {
  const timer = setInterval(() => {
    revoked.sweep(clock.now(), places);
    counters.sweep(clock.now(), places);
  }, interval);
  timer.unref();
  return () => clearInterval(timer);
}
