/**
 * Looks after what the gateway knows: raises an alarm when it gets old, and has everything read anew when the clock was
 * set back, because what had expired by then may count again.
 */
import type { Clock } from '../../platform/clock.ts';
import type { Log } from '../../platform/log.ts';
import type { Freshness } from '../freshness.ts';

/** Milliseconds between looks. */
const interval = 500;
/** Milliseconds of staleness that are worth a line: silence of 3 s, and time to find another source. */
const alarmAfter = 5000;
/** Milliseconds between two lines while nothing changes. */
const alarmEvery = 60_000;
/** Milliseconds that the clock may go back unnoticed. Revocations are kept for an hour after their tokens expired. */
const stepBack = 60_000;

export interface WatchDeps {
  readonly freshness: Freshness;
  readonly clock: Clock;
  readonly log: Log;
  /** Of the APIs that are `closed`, for the words of the alarm. */
  readonly maxStaleness: number;
  readonly readAnew: (why: string) => void;
}

/** Returns the function that ends it. */
export function watchFreshness(deps: WatchDeps): () => void {
  const look = freshnessWatch(deps);
  const timer = setInterval(look, interval);
  timer.unref();
  return () => clearInterval(timer);
}

/** One look at a time, as often as it is called. */
export function freshnessWatch({ freshness, clock, log, maxStaleness, readAnew }: WatchDeps): () => void {
  let alarmedAt: number | null = null;
  let offset = clock.now() - clock.elapsed();
  return () => {
    const now = clock.elapsed();
    const age = freshness.age();
    if (age <= alarmAfter) {
      if (alarmedAt !== null) log.info('what is decided reaches this gateway again');
      alarmedAt = null;
    } else if (alarmedAt === null || now - alarmedAt >= alarmEvery) {
      alarmedAt = now;
      const stalenessSeconds = Number.isFinite(age) ? Math.round(age / 1000) : null;
      log.error(
        { alarm: 'stale', stalenessSeconds, closedAfterSeconds: maxStaleness / 1000 },
        'no source tells what is decided: revocations and other decisions may be missing',
      );
    }
    const shift = clock.now() - now - offset;
    offset += shift;
    if (shift < -stepBack) readAnew(`the clock went back by ${Math.round(-shift / 1000)} s`);
  };
}
