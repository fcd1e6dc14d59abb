/** A time to let go of things for good by: a clock that was set ahead may be set back, and what it had expired counts again. */
import type { Clock } from './clock.ts';

/** Milliseconds by which the clock may get ahead of the one that nobody sets and be believed at once: it is kept in step. */
const tolerated = 60_000;
/** Milliseconds after which a clock that is ahead is believed: it was wrong before, or the machine has slept. */
const settlesAfter = 3_600_000;

/**
 * Milliseconds since the epoch, as of the moments when it is asked: never ahead of the clock, and behind it for an hour after that was set
 * ahead. In the first hour, when nobody knows whether the clock is right, it is before everything (`-Infinity`).
 */
export function settledTime(clock: Clock): () => number {
  /** How far the believed time is ahead of the clock that nobody sets. */
  let offset = Number.NEGATIVE_INFINITY;
  let aheadSince: number | null = clock.elapsed();
  /** As it was offered last: another leap begins the hour anew. */
  let candidate = clock.now() - clock.elapsed();
  return () => {
    const elapsed = clock.elapsed();
    const offered = clock.now() - elapsed;
    if (offered <= offset + tolerated) {
      offset = offered;
      aheadSince = null;
    } else {
      if (aheadSince === null || offered > candidate + tolerated) aheadSince = elapsed;
      if (elapsed - aheadSince >= settlesAfter) {
        offset = offered;
        aheadSince = null;
      }
    }
    candidate = offered;
    return elapsed + offset;
  };
}
