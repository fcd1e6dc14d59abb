/** Splits a dotted name into its parts. A part in quotation marks may have dots in it, as in TOML. */

/** @returns null if it is no such name */
export function splitName(name: string): string[] | null {
  const parts: string[] = [];
  const part = /\s*(?:"((?:[^"\\]|\\.)*)"|'([^']*)'|([^\s."'=[\]#]+))\s*(\.|$)/y;
  for (let more = true; more; ) {
    const [, quoted, literal, bare, end] = part.exec(name) ?? [];
    if (end === undefined) return null;
    parts.push(quoted ?? literal ?? bare ?? '');
    more = end === '.';
  }
  return parts;
}
