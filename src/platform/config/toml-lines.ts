/** On which line of a TOML file a name stands; the parser does not keep it. */

import { splitName } from './split-name.ts';

interface Entry {
  readonly line: number;
  /** The full name in lower case, with the numbers of tables in it. */
  readonly name: readonly string[];
}

export class TomlLines {
  readonly #entries: Entry[] = [];

  constructor(text: string) {
    /** How often `[[name]]` stood, by the full name. */
    const counts = new Map<string, number>();
    let section: string[] = [];
    for (const [index, line] of text.split('\n').entries()) {
      const header = /^\s*(\[\[?)(.*?)\]\]?\s*(#.*)?$/.exec(line);
      const parts = splitName((header ? header[2] : /^\s*([^=#]+)=/.exec(line)?.[1])?.trim() ?? '');
      if (!parts) continue;
      const lower = parts.map((part) => part.toLowerCase());
      if (header) section = numbered(lower, header[1] === '[[', counts);
      this.#entries.push({ line: index + 1, name: header ? section : [...section, ...lower] });
    }
  }

  /** Of a key in an inline table, the table's line. */
  lineOf(name: readonly string[]): number {
    const wanted = name.map((part) => part.toLowerCase());
    for (let length = wanted.length; length > 0; length--) {
      // Joined, since a part in quotation marks may stand for several: `"b7a.users"`.
      const start = `${wanted.slice(0, length).join('.')}.`;
      const found = this.#entries.find((entry) => `${entry.name.join('.')}.`.startsWith(start));
      if (found) return found.line;
    }
    return 1;
  }
}

/** A header's name with the numbers of the tables that it stands in. */
function numbered(parts: readonly string[], isTable: boolean, counts: Map<string, number>): string[] {
  const name: string[] = [];
  for (const [i, part] of parts.entries()) {
    name.push(part);
    const key = JSON.stringify(name);
    if (isTable && i === parts.length - 1) counts.set(key, (counts.get(key) ?? 0) + 1);
    const count = counts.get(key);
    if (count !== undefined) name.push(String(count - 1));
  }
  return name;
}
