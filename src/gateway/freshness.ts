/**
 * When it was last certain that nothing was missing: the main thread writes it, data-plane threads read it. It is a time
 * of `Clock.elapsed`, so nobody makes old data fresh by setting the machine's clock.
 */
import type { Clock } from '../platform/clock.ts';

/** Milliseconds in a unit of the shared word, so that it holds some years. */
const unit = 50;
/** Milliseconds that two looks at the clock may differ by small corrections of it. */
const fromTheFuture = 2000;
const neverConfirmed = -0x8000_0000;

export class Freshness {
  readonly #word: Int32Array;
  readonly #clock: Clock;

  constructor(buffer: SharedArrayBuffer, clock: Clock) {
    this.#word = new Int32Array(buffer);
    this.#clock = clock;
  }

  static allocate(): SharedArrayBuffer {
    const buffer = new SharedArrayBuffer(4);
    new Int32Array(buffer)[0] = neverConfirmed;
    return buffer;
  }

  /** Nothing was missing at `at`, a time of `Clock.elapsed`. */
  confirm(at: number): void {
    Atomics.store(this.#word, 0, Math.max(Math.floor(at / unit), neverConfirmed + 1));
  }

  /**
   * Nothing was missing so many milliseconds ago, as a disk copy says. One from the future tells nothing: the clock was
   * set back, and it may be as old as it likes.
   */
  confirmAge(ms: number): void {
    if (ms >= -fromTheFuture) this.confirm(this.#clock.elapsed() - Math.max(ms, 0));
  }

  /** Staleness: milliseconds since nothing was missing; Infinity = that never was so. */
  age(): number {
    const word = Atomics.load(this.#word, 0);
    return word === neverConfirmed ? Number.POSITIVE_INFINITY : Math.max(0, this.#clock.elapsed() - word * unit);
  }
}
