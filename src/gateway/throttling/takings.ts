/** What a request has taken from limits so far, so that a later refusal can give it back. */
import type { Limit } from '../../core/policy.ts';
import type { RateCounters, RateKey } from './rate-counters.ts';

/** For one request after the other: `begin` forgets what the one before has taken. */
export class Takings {
  readonly #counters: RateCounters;
  readonly #keys: RateKey[] = [];
  readonly #windows: number[] = [];
  #count = 0;

  constructor(counters: RateCounters) {
    this.#counters = counters;
  }

  begin(): void {
    this.#count = 0;
  }

  /** Takes one if there is one left. */
  take(key: RateKey, limit: Limit, nowMs: number): boolean {
    if (!this.#counters.take(key, limit, nowMs)) return false;
    this.#keys[this.#count] = key;
    this.#windows[this.#count] = this.#counters.window;
    this.#count++;
    return true;
  }

  giveBack(): void {
    for (let i = 0; i < this.#count; i++) {
      this.#counters.giveBack(this.#keys[i] as RateKey, this.#windows[i] as number);
    }
    this.#count = 0;
  }
}
