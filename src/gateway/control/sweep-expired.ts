/** Lets go, in small steps, of what has expired in shared memory. */
import type { Clock } from '../../platform/clock.ts';
import type { Log } from '../../platform/log.ts';
import type { RevokedSet } from '../revocation/revoked-set.ts';
import type { RateCounters } from '../throttling/rate-counters.ts';

/** Milliseconds between steps, and places looked at in each: a table of a million entries is gone through in minutes. */
const interval = 1000;
const places = 16_384;

/** Share of the room for revocations from which on there is a warning: beyond all of it the gateway no longer serves. */
const alarmAt = 0.8;

export interface SweepDeps {
  readonly revoked: RevokedSet;
  readonly counters: RateCounters;
  /** Of DPoP proofs. */
  readonly proofs: RateCounters;
  readonly clock: Clock;
  /** By which revocations are gone: a limit that is forgotten too early is one more request, a revocation a broken promise. */
  readonly settled: () => number;
  readonly log: Log;
}

/** Returns the function that ends it. */
export function sweepExpired({ revoked, counters, proofs, clock, settled, log }: SweepDeps): () => void {
  let warned = false;
  const timer = setInterval(() => {
    const { size: held, capacity } = revoked;
    const full = held / capacity;
    if (full > alarmAt && !warned)
      log.warn({ held, capacity }, 'room for revocations runs short: raise gateway.revocation.capacity');
    warned = full > alarmAt;
    revoked.sweep(settled(), places);
    counters.sweep(clock.now(), places);
    proofs.sweep(clock.now(), places);
  }, interval);
  timer.unref();
  return () => clearInterval(timer);
}
