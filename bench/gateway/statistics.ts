/** What can be said of a value that was measured a few times. */

export interface Estimate {
  readonly median: number;
  /** Between these lies the true median with a probability of at least 95 %, if there are six values or more. */
  readonly low: number;
  readonly high: number;
}

/**
 * The median with its confidence interval by order statistics: how many of n independent values lie below the true
 * median follows the binomial distribution, whatever theirs is. With less than six values it is their range.
 */
export function estimate(values: readonly number[]): Estimate {
  if (values.length === 0) throw new Error('there is no median of no values');
  const sorted = values.toSorted((a, b) => a - b);
  const at = (index: number): number => sorted[index] as number;
  const middle = sorted.length >> 1;
  const median = sorted.length % 2 === 1 ? at(middle) : (at(middle - 1) + at(middle)) / 2;
  const outside = mostOutside(sorted.length);
  return { median, low: at(outside), high: at(sorted.length - 1 - outside) };
}

/** How many of n values may be left out at each end. */
function mostOutside(n: number): number {
  let outside = 0;
  let term = 0.5 ** n;
  // The probability that at most `outside` of them lie below the median.
  let below = term;
  while (below <= 0.025 && outside < n >> 1) {
    outside++;
    term *= (n - outside + 1) / outside;
    below += term;
  }
  return Math.max(0, outside - 1);
}
