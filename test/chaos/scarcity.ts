/**
 * How scarce the processor was: the time in which something on this machine waited for one. Where others work too, a
 * gateway that was not allowed to run is not to blame.
 */
import { readFileSync } from 'node:fs';

/** In the `ms` milliseconds up to `at`, something had to wait for `waited` of them. */
export interface ScarcitySample {
  readonly at: number;
  readonly ms: number;
  readonly waited: number;
}

/** Milliseconds between samples. */
const every = 100;

/** Takes samples until the function that it returns is called. */
export function watchScarcity(now: () => number, take: (sample: ScarcitySample) => void): () => void {
  let last = now();
  let before = pressure();
  const timer = setInterval(() => {
    const at = now();
    const ms = at - last;
    const total = pressure();
    // Without the kernel's word: for how long we were held up ourselves.
    const waited = total === null || before === null ? ms - every : total - before;
    take({ at, ms, waited: Math.min(Math.max(waited, 0), ms) });
    last = at;
    before = total;
  }, every);
  return () => clearInterval(timer);
}

/** Milliseconds since the machine was started in which something waited; null = the kernel does not say. */
function pressure(): number | null {
  try {
    const total = /^some .* total=(\d+)/m.exec(readFileSync('/proc/pressure/cpu', 'utf8'))?.[1];
    return total === undefined ? null : Number(total) / 1000;
  } catch {
    return null;
  }
}

/** Answers for any time how much of it was waited. */
export class Scarcity {
  readonly #samples: readonly ScarcitySample[];
  /** Waited up to the end of each sample. */
  readonly #sums: number[] = [];

  constructor(samples: readonly ScarcitySample[]) {
    this.#samples = samples;
    let sum = 0;
    for (const { waited } of samples) this.#sums.push((sum += waited));
  }

  /** Milliseconds that were waited in between. */
  between(from: number, until: number): number {
    return this.#upTo(until) - this.#upTo(from);
  }

  #upTo(time: number): number {
    let [low, high] = [0, this.#samples.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#samples[middle] as ScarcitySample).at <= time) low = middle + 1;
      else high = middle;
    }
    const whole = low === 0 ? 0 : (this.#sums[low - 1] as number);
    const next = this.#samples[low];
    if (!next) return whole;
    return whole + next.waited * Math.max(0, 1 - (next.at - time) / next.ms);
  }
}
