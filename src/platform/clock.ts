/** Time, as a dependency: tests set it instead of sleeping. */

export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
  /**
   * Milliseconds of a clock that nobody sets: for how long something took. Its zero means nothing, and is the same for
   * all threads of a process.
   */
  elapsed(): number;
}

// `performance.now()` counts from the start of each thread.
const [seconds, nanoseconds] = process.hrtime();
const threadStart = seconds * 1000 + nanoseconds / 1e6 - performance.now();

export const systemClock: Clock = {
  now: () => Date.now(),
  elapsed: () => threadStart + performance.now(),
};

/** A clock that stands still until it is told to move. */
export class ManualClock implements Clock {
  #now: number;
  #elapsed = 0;
  constructor(now: number) {
    this.#now = now;
  }
  now(): number {
    return this.#now;
  }
  elapsed(): number {
    return this.#elapsed;
  }
  /** So many milliseconds pass. */
  advance(ms: number): void {
    this.#now += ms;
    this.#elapsed += ms;
  }
  /** Somebody sets the clock. */
  set(now: number): void {
    this.#now = now;
  }
}
