/**
 * Preloaded into a process (`--import`), it sets the clock: `Date` says as many milliseconds more as stand in the file
 * that `CHAOS_CLOCK` names. Clocks that nobody can set (`performance.now`, `process.hrtime`) stay as they are.
 */
import { readFileSync } from 'node:fs';

/** Milliseconds between looks at the file. */
const lookEvery = 20;
const file = process.env.CHAOS_CLOCK as string;
const RealDate = Date;
let shift = 0;
let looked = Number.NEGATIVE_INFINITY;

function now(): number {
  if (performance.now() - looked > lookEvery) {
    looked = performance.now();
    try {
      shift = Number(readFileSync(file, 'utf8')) || 0;
    } catch {
      // Nobody has set it yet.
    }
  }
  return RealDate.now() + shift;
}

class ShiftedDate extends RealDate {
  // biome-ignore lint/suspicious/noExplicitAny: the overloads of Date can't be said otherwise
  constructor(...args: any[]) {
    if (args.length === 0) super(now());
    // @ts-expect-error: as given, whatever overload it is
    else super(...args);
  }
  static override now(): number {
    return now();
  }
}

globalThis.Date = ShiftedDate as DateConstructor;
