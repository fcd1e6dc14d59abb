/** Lets a few run at once and some wait: a flood of log-ins must exhaust neither memory nor the thread pool. */
import { UserStoreBusyError } from './user-store.ts';

export interface Bounds {
  /** So many run at once. */
  readonly running: number;
  /** So many wait; one more is refused. */
  readonly waiting: number;
}

/** Runs `work` when it is its turn. @throws UserStoreBusyError at once when too many wait already. */
export type Bounded = <T>(work: () => Promise<T>) => Promise<T>;

export function bounded(bounds: Bounds): Bounded {
  const queue: (() => void)[] = [];
  let running = 0;
  return async (work) => {
    if (running >= bounds.running) {
      if (queue.length >= bounds.waiting) throw new UserStoreBusyError('too many log-ins at once; try again later');
      // Whoever finishes hands its place over, so `running` stays as it is.
      await new Promise<void>((resolve) => queue.push(resolve));
    } else {
      running += 1;
    }
    try {
      return await work();
    } finally {
      const next = queue.shift();
      if (next) next();
      else running -= 1;
    }
  };
}
