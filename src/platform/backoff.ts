/** How long to wait before trying again: not at all the first time, then longer and longer, never in step with others. */
export class Backoff {
  readonly #min: number;
  readonly #max: number;
  #failures = 0;

  /** Milliseconds: of the second wait at most, and of any wait at most. */
  constructor(min: number, max: number) {
    this.#min = min;
    this.#max = max;
  }

  /** Milliseconds to wait now. */
  next(): number {
    const failures = this.#failures++;
    if (failures === 0) return 0;
    const longest = Math.min(this.#max, this.#min * 2 ** (failures - 1));
    return longest * (0.5 + Math.random() / 2);
  }

  /** It worked. */
  reset(): void {
    this.#failures = 0;
  }
}
