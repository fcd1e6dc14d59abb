/**
 * Looks after what the gateway knows: raises an alarm when it gets old, and has revocations read again when the time by
 * which they are let go of went back, because what was gone by then may count again.
 */
import type { Clock } from '../../platform/clock.ts';
import type { Log } from '../../platform/log.ts';
import type { Freshness } from '../freshness.ts';

/** Milliseconds between looks. */
const interval = 500;
/**
 * Milliseconds of staleness that are worth a line: silence of 3 s, and time to find another source. What is known from
 * before the start is older than that at once; a gateway has the same time for asking after it.
 */
const alarmAfter = 5000;
/** Milliseconds between two lines while nothing changes. */
const alarmEvery = 60_000;
/** Milliseconds that the time may go back unnoticed. Revocations are kept for an hour after their tokens expired. */
const stepBack = 60_000;
/** Milliseconds by which the clock may get ahead of the one that nobody sets before that is taken for sleep. */
const stepAhead = 5000;

export interface WatchDeps {
  readonly freshness: Freshness;
  readonly clock: Clock;
  readonly log: Log;
  /** Of the APIs that are `closed`, for the words of the alarm. */
  readonly maxStaleness: number;
  /** Why the source tells nothing, as far as that is known. */
  readonly failure: () => string | null;
  /** By which revocations are let go of: `settledTime`. */
  readonly settled: () => number;
  /** Reads the revocations again. */
  readonly recall: (why: string) => void;
  /** As in `GatewayDeps`. Default 0. */
  readonly sourceStartup?: number;
}

/** Returns the function that ends it. */
export function watchFreshness(deps: WatchDeps): () => void {
  const look = freshnessWatch(deps);
  const timer = setInterval(look, interval);
  timer.unref();
  return () => clearInterval(timer);
}

/** One look at a time, as often as it is called. */
export function freshnessWatch(deps: WatchDeps): () => void {
  const { freshness, clock, log, maxStaleness, failure, settled, recall, sourceStartup = 0 } = deps;
  const started = clock.elapsed();
  let isHeard = false;
  let alarmedAt: number | null = null;
  let offset = clock.now() - clock.elapsed();
  // In the hour after the start nothing is let go of, but the copy that was loaded may be of a clock that is set right only now.
  const believedTime = (): number => {
    const time = settled();
    return Number.isFinite(time) ? time : clock.now();
  };
  let latest = believedTime();
  return () => {
    const now = clock.elapsed();
    const age = freshness.age();
    isHeard ||= age < now - started;
    const limit = isHeard ? alarmAfter : Math.max(alarmAfter, sourceStartup);
    if (Math.min(age, now - started) <= limit) {
      if (alarmedAt !== null) log.info('what is decided reaches this gateway again');
      alarmedAt = null;
    } else if (alarmedAt === null || now - alarmedAt >= alarmEvery) {
      alarmedAt = now;
      const stalenessSeconds = Number.isFinite(age) ? Math.round(age / 1000) : null;
      log.error(
        { alarm: 'stale', stalenessSeconds, closedAfterSeconds: maxStaleness / 1000, reason: failure() },
        'no source tells what is decided: revocations and other decisions may be missing',
      );
    }
    const shift = clock.now() - now - offset;
    offset += shift;
    // A machine that slept has heard nothing meanwhile, though its clock that nobody sets stood still.
    if (shift > stepAhead && Number.isFinite(age)) freshness.confirmAge(age + shift);
    const believed = believedTime();
    const back = latest - believed;
    if (back > stepBack) recall(`the clock went back by ${Math.round(back / 1000)} s`);
    if (back < 0 || back > stepBack) latest = believed;
  };
}
