/**
 * Holds log-ins off after wrong passwords: after five within a minute for a second, then for twice as long after each
 * further one, up to half a minute. By name and address, so that nobody is locked out by what comes from elsewhere.
 */
import type { Clock } from '../../platform/clock.ts';

const free = 5;
const memoryMs = 60_000;
const firstMs = 1000;
const longestMs = 30_000;

interface Failures {
  count: number;
  lastAt: number;
}

export class WrongPasswords {
  readonly #clock: Clock;
  readonly #capacity: number;
  readonly #failures = new Map<string, Failures>();

  constructor(clock: Clock, capacity = 10_000) {
    this.#clock = clock;
    this.#capacity = capacity;
  }

  /** Milliseconds for which log-ins under this name from there have to be refused unseen; 0 = they need not. */
  heldOff(name: string, address: string): number {
    const failures = this.#failures.get(keyOf(name, address));
    if (!failures || failures.count < free) return 0;
    const pause = Math.min(firstMs * 2 ** (failures.count - free), longestMs);
    return Math.max(0, failures.lastAt + pause - this.#clock.now());
  }

  wrong(name: string, address: string): void {
    const key = keyOf(name, address);
    const now = this.#clock.now();
    const before = this.#failures.get(key);
    // The one that failed longest ago goes first: a Map keeps the order of insertion.
    this.#failures.delete(key);
    if (this.#failures.size >= this.#capacity) this.#failures.delete(this.#failures.keys().next().value as string);
    const count = before && now - before.lastAt < memoryMs ? before.count + 1 : 1;
    this.#failures.set(key, { count, lastAt: now });
  }

  right(name: string, address: string): void {
    this.#failures.delete(keyOf(name, address));
  }
}

/** No user has a longer name, so what is cut off matters to nobody, and costs no memory. */
const keyOf = (name: string, address: string): string => `${address} ${name.slice(0, 40)}`;
