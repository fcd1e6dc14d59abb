/** Removes what is old from the change log: changes that no gateway asks for any more, and revocations of tokens that have expired. */
import type { ChangeLog } from '../adapters/stores/store.ts';
import type { Clock } from '../platform/clock.ts';
import type { Log } from '../platform/log.ts';
import { settledTime } from '../platform/settled-time.ts';

const hour = 3_600_000;

export interface TrimDeps {
  readonly changes: Pick<ChangeLog, 'trim'>;
  readonly clock: Clock;
  readonly log: Log;
  /** Hours that changes are kept. */
  readonly retention: number;
}

/** Begins to trim every hour, by a time that no leap of the clock moves. Returns the function that ends it. */
export function trimChanges({ changes, clock, log, retention }: TrimDeps): () => void {
  const settled = settledTime(clock);
  const timer = setInterval(() => {
    const olderThan = settled() - retention * hour;
    // Nobody knows yet whether the clock is right.
    if (olderThan < 0) return;
    changes
      .trim(olderThan)
      .catch((error) => log.error({ err: error }, 'old changes could not be removed from the change log'));
  }, hour);
  timer.unref();
  return () => clearInterval(timer);
}
