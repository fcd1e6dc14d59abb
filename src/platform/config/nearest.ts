const maxLength = 200;

/** The known name that somebody most likely meant by an unknown one. */
export function nearest(name: string, known: Iterable<string>): string | undefined {
  // Nobody means a known name by so long a one, and comparing takes its time.
  if (name.length > maxLength) return undefined;
  const wanted = name.toLowerCase();
  const leaf = lastPart(wanted);
  let best: string | undefined;
  let bestDistance = Math.max(2, Math.floor(wanted.length / 4)) + 1;
  const elsewhere: string[] = [];
  for (const candidate of known) {
    const lower = candidate.toLowerCase();
    if (lastPart(lower) === leaf) elsewhere.push(candidate);
    const away = distance(wanted, lower, bestDistance);
    if (away < bestDistance) {
      best = candidate;
      bestDistance = away;
    }
  }
  // The right key in the wrong section is a likelier slip than three wrong letters; which one, if there are several,
  // nobody knows.
  return elsewhere.length === 1 && bestDistance > 2 ? elsewhere[0] : best;
}

function lastPart(name: string): string {
  return name.slice(name.lastIndexOf('.') + 1);
}

/** Levenshtein's: insertions, deletions and replacements of a letter. Of `limit` and more, it says `limit`. */
function distance(a: string, b: string, limit: number): number {
  // Each letter more or less is a difference already.
  if (Math.abs(a.length - b.length) >= limit) return limit;
  let same = 0;
  while (same < a.length && a[same] === b[same]) same++;
  let previous = Array.from({ length: b.length - same + 1 }, (_, i) => i);
  for (let i = same + 1; i <= a.length; i++) {
    const row = [i - same];
    let least = i - same;
    for (let j = 1; j < previous.length; j++) {
      const replaced = (previous[j - 1] ?? 0) + (a[i - 1] === b[same + j - 1] ? 0 : 1);
      const here = Math.min(replaced, (previous[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1);
      row.push(here);
      if (here < least) least = here;
    }
    // It never becomes less again.
    if (least >= limit) return limit;
    previous = row;
  }
  return previous.at(-1) ?? 0;
}
