/**
 * The state of a rate counter's window in one 32-bit word, so that it changes by one compare-and-swap:
 *
 *     time (28 bits) | state (2) | sequence (2)
 *
 * - fine: a window is in force until `time`, in milliseconds;
 * - coarse: the same in units of 1024 ms, for windows of more than 27 hours (up to 2 years), which may so last up to
 *   a second longer;
 * - idle: no window yet, or none any more since `time` (units of 1024 ms);
 * - condemned: the slot is being removed.
 *
 * Times wrap, so they are compared by their difference, which has to stay under half the range: 37 hours for fine
 * ones. The sweeper makes sure of that by removing counters whose windows are over. Times make words unique: one that
 * is still the same has not changed meanwhile. Memory full of zeros is idle.
 */

const idle = 0 << 2;
const fine = 1 << 2;
const coarse = 2 << 2;
const condemned = 3 << 2;
const stateMask = 3 << 2;
const timeShift = 4;
const timeMask = -1 << timeShift;

/** Milliseconds of a coarse unit. */
const unit = 1024;
const longestFine = 100_000_000; // clear of half the range by more than any two clocks differ
const longestCoarse = 2 ** 36;

/** The window's number modulo 4; it tells consecutive windows apart. */
export const sequenceMask = 3;

/** A window that ends `windowMs` from now (milliseconds; beyond 2 years is taken as 2 years). */
export function windowFrom(nowMs: number, windowMs: number, sequence: number): number {
  if (windowMs <= longestFine) return ((nowMs + windowMs) << timeShift) | fine | (sequence & sequenceMask);
  const end = Math.ceil((nowMs + Math.min(windowMs, longestCoarse)) / unit);
  return (end << timeShift) | coarse | (sequence & sequenceMask);
}

export function idleSince(nowMs: number, sequence: number): number {
  return (toUnits(nowMs) << timeShift) | idle | (sequence & sequenceMask);
}

export function condemn(word: number): number {
  return word | condemned;
}

export function isCondemned(word: number): boolean {
  return (word & stateMask) === condemned;
}

/** Milliseconds until the window ends; zero or less: it has ended, or there is none. */
export function remainingMs(word: number, nowMs: number): number {
  if ((word & stateMask) === fine) return ((word & timeMask) - (nowMs << timeShift)) >> timeShift;
  if ((word & stateMask) === coarse) return distance(word, nowMs) * unit;
  return 0;
}

/** The window is over, or has not been there, for `ms` or more. An idle time in the future is a clock's step back. */
export function isOverSince(word: number, nowMs: number, ms: number): boolean {
  if ((word & stateMask) === fine) return remainingMs(word, nowMs) <= -ms;
  const units = distance(word, nowMs);
  return units < -Math.ceil(ms / unit) || (units > 1 && (word & stateMask) === idle);
}

/** Units from now to the word's time, signed. */
function distance(word: number, nowMs: number): number {
  return ((word & timeMask) - (toUnits(nowMs) << timeShift)) >> timeShift;
}

function toUnits(ms: number): number {
  return Math.floor(ms / unit);
}
