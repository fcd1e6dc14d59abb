const maxLength = 200;

/** The known name that somebody most likely meant by an unknown one. */
export function nearest(name: string, known: Iterable<string>): string | undefined {
  // Nobody means a known name by so long a one, and comparing takes its time.
  if (name.length > maxLength) return undefined;
  const wanted = name.toLowerCase();
  const leaf = lastPart(wanted);
  let best: string | undefined;
  let bestDistance = Math.max(2, Math.floor(wanted.length / 4)) + 1;
  for (const candidate of known) {
    const lower = candidate.toLowerCase();
    // The right key in the wrong section is a likelier slip than three wrong letters.
    const away = Math.min(distance(wanted, lower), lastPart(lower) === leaf ? 2.5 : Infinity);
    if (away < bestDistance) {
      best = candidate;
      bestDistance = away;
    }
  }
  return best;
}

function lastPart(name: string): string {
  return name.slice(name.lastIndexOf('.') + 1);
}

/** Levenshtein's: insertions, deletions and replacements of a letter. */
function distance(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = (previous[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      row.push(Math.min(replaced, (previous[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1));
    }
    previous = row;
  }
  return previous[b.length] ?? 0;
}
