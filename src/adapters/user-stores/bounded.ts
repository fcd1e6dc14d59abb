/** Lets a few run at once and some wait: a flood of log-ins must exhaust neither memory nor the thread pool. */
import type { Clock } from '../../platform/clock.ts';
import { UserStoreBusyError } from './user-store.ts';

export interface Bounds {
  /** So many run at once. */
  readonly running: number;
  /** So many wait; one more is refused. */
  readonly waiting: number;
  /** Milliseconds after which one that waits is refused. */
  readonly patience: number;
}

/**
 * Runs `work` when it is its turn, in the order of arrival.
 * @throws UserStoreBusyError at once when too many wait already; later when it waited for too long, or `gone` says that
 * nobody wants the answer any more.
 */
export type Bounded = <T>(work: () => Promise<T>, gone?: () => boolean) => Promise<T>;

interface Waiting {
  readonly since: number;
  readonly gone: () => boolean;
  readonly begin: () => void;
  readonly refuse: (error: Error) => void;
}

export function bounded(bounds: Bounds, clock: Clock): Bounded {
  let queue: Waiting[] = [];
  let running = 0;

  // Looked at when one finishes, which is many times a second while any wait; so no timers.
  const dropStale = () => {
    const oldest = clock.now() - bounds.patience;
    const stale = new Set(queue.filter((one) => one.since < oldest || one.gone()));
    queue = queue.filter((one) => !stale.has(one));
    for (const one of stale) one.refuse(busy());
  };
  const wait = (gone: () => boolean) => {
    if (queue.length >= bounds.waiting) dropStale();
    if (queue.length >= bounds.waiting) throw busy();
    return new Promise<void>((begin, refuse) => queue.push({ since: clock.now(), gone, begin, refuse }));
  };
  return async (work, gone = () => false) => {
    // Whoever finishes hands its place over, so `running` stays as it is then.
    if (running >= bounds.running) await wait(gone);
    else running += 1;
    try {
      return await work();
    } finally {
      dropStale();
      const next = queue.shift();
      if (next) next.begin();
      else running -= 1;
    }
  };
}

const busy = (): Error => new UserStoreBusyError('too many log-ins at once; try again later');
