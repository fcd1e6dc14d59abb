/** Which of two versions is the older one. */

/**
 * Negative when `a` is older than `b`. Numbers count as numbers (`1.9` is older than `1.10`), and what has more parts is newer,
 * unless it is a pre-release (`1.0.0-beta` is older than `1.0.0`).
 */
export function compareVersions(a: string, b: string): number {
  const left = parts(a);
  const right = parts(b);
  for (let i = 0; i < Math.max(left.length, right.length); i++) {
    const difference = comparePart(left[i], right[i]);
    if (difference !== 0) return difference;
  }
  return 0;
}

function parts(version: string): string[] {
  return (
    version
      .toLowerCase()
      .replace(/^v(?=\d)/, '')
      .match(/\d+|[a-z]+/g) ?? []
  );
}

function comparePart(a: string | undefined, b: string | undefined): number {
  const isNumber = (part: string): boolean => /^\d/.test(part);
  if (a === undefined) return b === undefined ? 0 : isNumber(b) ? -1 : 1;
  if (b === undefined) return isNumber(a) ? 1 : -1;
  if (isNumber(a) && isNumber(b)) return Number(a) - Number(b);
  if (isNumber(a) !== isNumber(b)) return isNumber(a) ? 1 : -1;
  return a < b ? -1 : a > b ? 1 : 0;
}
