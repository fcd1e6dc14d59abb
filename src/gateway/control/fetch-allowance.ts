/** How often something may be fetched because strangers ask for it: a few times in a row, then only now and then. */

/** Fetches that may follow each other when there was none for long. */
const burst = 5;
/** Milliseconds between two of them, at least. */
const shortest = 1000;

export class FetchAllowance {
  readonly #interval: number;
  /** When the allowance is whole again (the generic cell rate algorithm). */
  #whole = Number.NEGATIVE_INFINITY;
  #last = Number.NEGATIVE_INFINITY;

  /** @param interval milliseconds in which another fetch is earned; 0 = there is no limit */
  constructor(interval: number) {
    this.#interval = interval;
  }

  /** Takes a fetch out of the allowance and returns 0, or returns the milliseconds until there will be one. */
  take(now: number): number {
    const shortestPause = Math.min(shortest, this.#interval);
    const next = Math.max(this.#last + shortestPause, this.#whole - (burst - 1) * this.#interval);
    if (now < next) return next - now;
    this.#whole = Math.max(this.#whole, now) + this.#interval;
    this.#last = now;
    return 0;
  }
}
