/** Numbers that look random and are the same for the same seed (mulberry32): a run can be repeated. */

export interface Random {
  /** At least 0, below 1. */
  next(): number;
  /** At least `from`, below `to`. */
  between(from: number, to: number): number;
  /** A whole number, at least 0, below `below`. */
  whole(below: number): number;
  /** @throws Error if there is nothing to choose from */
  pick<T>(from: readonly T[]): T;
}

/** @param seed a whole number */
export function randomFrom(seed: number): Random {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const whole = (below: number): number => Math.floor(next() * below);
  return {
    next,
    between: (from, to) => from + next() * (to - from),
    whole,
    pick<T>(from: readonly T[]): T {
      if (from.length === 0) throw new Error('there is nothing to choose from');
      return from[whole(from.length)] as T;
    },
  };
}
