/**
 * Rate limits, counted in memory that all threads share, without locks: never more than `count` per window, and
 * exactly `count`, whatever threads ask at the same time, stand still or die.
 *
 * A key's slot has three words that matter:
 *
 *     window   until when, and its sequence number        (window-word.ts)
 *     base     value of `count` when the window began (30 bits) | sequence number of that window (2)
 *     count    what has been taken, ever                  (wraps)
 *
 * so that `count - base` were taken in this window. `count` is never reset: that is what makes it safe.
 *
 * - Taking is compare-and-swap of `count`, c -> c + 1. It succeeds only if nothing was taken since c was loaded, so it
 *   stays below the limit of the window that was loaded with it; and if another window has begun meanwhile, that one's
 *   base is at most c, and it counts there.
 * - A window begins by compare-and-swap of `window`, which fails if anybody else began one. Now its sequence differs
 *   from that of `base`; whoever sees this sets `base` to `count`, before anything can be taken in the new window. So
 *   it doesn't matter if the thread that began the window never comes to do it.
 * - A refusal is certain only if window and base are still the same after `count` was loaded: else start again.
 * - Giving back raises `base` by one, if `window` is still the one taken from.
 *
 * Every value is compared as a whole and none returns: window words contain times, and base and count only grow. A
 * thread would have to stand still between two steps until 2^30 are taken for a swap to succeed that should fail.
 *
 * Clocks: threads may use times that differ by up to a minute (a request that waited for something keeps its time).
 * One that is further back is taken for a clock's step back: the window is cut to its length from there, what was taken
 * stays counted. So a thread that stands still for over a minute within `take` may end a window early; and if step and
 * window together exceed 37 hours (window-word.ts), a new one may begin.
 */
import type { Limit } from '../../core/policy.ts';
import { type Fingerprinter, fingerprintWords } from '../../platform/fingerprint.ts';
import { baseWord, countWord, RateSlots, windowWord } from './rate-slots.ts';
import { condemn, idleSince, isCondemned, isOverSince, remainingMs, sequenceMask, windowFrom } from './window-word.ts';

/** What is limited, hashed: made once by `rateKey` and kept, so that a request hashes nothing. */
export interface RateKey {
  /** 32 bits that choose the place. */
  readonly position: number;
  /** 32 more bits. Keys with the same 64 bits would share a counter. */
  readonly tag: number;
}

/** Kind of fingerprint; revocations have others. */
const rateKind = 16;
const scratch = new Uint32Array(fingerprintWords);

/** The key of what `parts` name; the first should say what kind of thing that is. */
export function rateKey(fingerprinter: Fingerprinter, ...parts: readonly (string | number)[]): RateKey {
  fingerprinter.write(scratch, 0, rateKind, ...parts.map(String));
  return { position: (scratch[0] as number) | 0, tag: (scratch[1] as number) | 0 };
}

/** Milliseconds by which the times of threads may differ; a counter is removed when its window is over for as long. */
const clockTolerance = 60_000;

/** `count - base` has 30 bits; a limit beyond is taken as this one. */
const highestCount = 2 ** 30 - 1;
const baseShift = 2;

/** Keys at most, unless said otherwise. */
export const defaultRateCapacity = 500_000;

export class RateCounters {
  /** Hand this to the other threads. */
  readonly buffer: SharedArrayBuffer;
  readonly #slots: RateSlots;
  readonly #words: Int32Array;
  #cursor = 0;
  /**
   * Which window the last successful `take` of this thread took from. Whoever may have to give it back keeps this
   * number for `giveBack`.
   */
  window = 0;

  /** Reserves memory for so many keys: one buffer, 40 bytes a key, which every thread opens for itself. */
  static allocate(capacity: number = defaultRateCapacity): SharedArrayBuffer {
    return RateSlots.allocate(capacity);
  }

  constructor(buffer: SharedArrayBuffer) {
    this.buffer = buffer;
    this.#slots = new RateSlots(buffer);
    this.#words = this.#slots.words;
  }

  /** Keys that have a counter. */
  get size(): number {
    return this.#slots.used;
  }

  get capacity(): number {
    return this.#slots.capacity;
  }

  /** How often a request was refused because there was no room to count it. Something to raise an alarm about. */
  get turnedAway(): number {
    return this.#slots.turnedAway;
  }

  /**
   * Takes one if fewer than `limit.count` were taken in the key's window. A window lasts `limit.windowMs` from the first
   * `take` after the one before. Times are whole milliseconds.
   *
   * False also if the key is new and there is no room for it (fail closed; keys that have a counter go on). A limit
   * with another count holds at once for the window in force; one with another length from the next window on, or
   * with what would be left of it at most.
   */
  take(key: RateKey, limit: Limit, nowMs: number): boolean {
    const slots = this.#slots;
    const words = this.#words;
    const most = Math.min(limit.count, highestCount);
    if (!(most > 0 && limit.windowMs >= 1)) return false;
    for (;;) {
      const at = slots.find(key) || slots.add(key);
      if (at === 0) return false;
      // Base first: an old base makes the count look higher, never lower. Base and count needn't be new, so plain loads
      // do: granting is compare-and-swap of the count, and refusing looks again.
      const base = words[at + baseWord] as number;
      const window = Atomics.load(words, at + windowWord);
      if (!slots.holds(key) || isCondemned(window)) continue;

      if (((base ^ window) & sequenceMask) !== 0) {
        this.#setBase(at, window);
        continue;
      }
      const remaining = remainingMs(window, nowMs);
      if (remaining <= 0) {
        const next = windowFrom(nowMs, limit.windowMs, window + 1);
        Atomics.compareExchange(words, at + windowWord, window, next);
        continue;
      }
      if (remaining > limit.windowMs + clockTolerance) {
        Atomics.compareExchange(words, at + windowWord, window, windowFrom(nowMs, limit.windowMs, window));
        continue;
      }
      const count = words[at + countWord] as number;
      if (taken(count, base) >= most) {
        if (this.#isUsedUp(at, window, most)) return false;
        continue;
      }
      if (Atomics.compareExchange(words, at + countWord, count, (count + 1) | 0) === count) {
        this.window = window;
        return true;
      }
    }
  }

  /**
   * Returns one that was taken; `window` is what `this.window` was after that `take`. False if that window is over,
   * where there is nothing to return to.
   */
  giveBack(key: RateKey, window: number): boolean {
    const words = this.#words;
    for (;;) {
      const at = this.#findForSure(key);
      if (at === 0) return false;
      // The window last: if it is still the same, base and count belong to it.
      const base = Atomics.load(words, at + baseWord);
      const nothing = taken(Atomics.load(words, at + countWord), base) === 0;
      if (Atomics.load(words, at + windowWord) !== window) return false;
      if (!this.#slots.holds(key)) continue;
      if (nothing || ((base ^ window) & sequenceMask) !== 0) return false;
      const raised = (base + (1 << baseShift)) | 0;
      if (Atomics.compareExchange(words, at + baseWord, base, raised) === base) return true;
    }
  }

  /** Milliseconds until the key's window ends, `limit.windowMs` at most; 0 = none is in force. For `Retry-After`. */
  remaining(key: RateKey, limit: Limit, nowMs: number): number {
    for (;;) {
      const at = this.#findForSure(key);
      if (at === 0) return 0;
      const window = Atomics.load(this.#words, at + windowWord);
      if (this.#slots.holds(key)) return Math.min(Math.max(0, remainingMs(window, nowMs)), limit.windowMs);
    }
  }

  /**
   * Looks at the next `steps` places and removes counters whose windows are over for a minute. For one thread only.
   * A round of all places (as many as the capacity, rounded up to a power of two) must not take longer than a day.
   */
  sweep(nowMs: number, steps: number): void {
    const words = this.#words;
    const condemnIdle = (at: number): boolean => {
      const window = Atomics.load(words, at + windowWord);
      if (!isCondemned(window) && !isOverSince(window, nowMs, clockTolerance)) return false;
      return Atomics.compareExchange(words, at + windowWord, window, condemn(window)) === window;
    };
    const vacate = (at: number): void => {
      const window = Atomics.load(words, at + windowWord);
      Atomics.store(words, at + windowWord, idleSince(nowMs, window));
    };
    for (let step = 0; step < steps; step++) {
      this.#slots.prune(this.#cursor, condemnIdle, vacate);
      this.#cursor = (this.#cursor + 1) % this.#slots.buckets;
    }
  }

  #findForSure(key: RateKey): number {
    for (;;) {
      const at = this.#slots.find(key);
      if (at !== 0 || this.#slots.holds(key)) return at;
    }
  }

  /** The window has begun and its base is still that of the one before. */
  #setBase(at: number, window: number): void {
    const words = this.#words;
    const base = Atomics.load(words, at + baseWord);
    const count = Atomics.load(words, at + countWord);
    // If the window is the same after both loads, they belong to it; the swap fails if another thread has done it.
    if (((base ^ window) & sequenceMask) === 0 || Atomics.load(words, at + windowWord) !== window) return;
    Atomics.compareExchange(words, at + baseWord, base, (count << baseShift) | (window & sequenceMask));
  }

  #isUsedUp(at: number, window: number, most: number): boolean {
    const words = this.#words;
    const base = Atomics.load(words, at + baseWord);
    const count = Atomics.load(words, at + countWord);
    return (
      taken(count, base) >= most &&
      Atomics.load(words, at + baseWord) === base &&
      Atomics.load(words, at + windowWord) === window
    );
  }
}

function taken(count: number, base: number): number {
  return (count - (base >>> baseShift)) & highestCount;
}
