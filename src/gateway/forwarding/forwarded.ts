/** The field `Forwarded` (RFC 7239): read with its own grammar, and written. */

const token = /[\w!#$%&'*+.^`|~-]+/y;
const quoted = /"((?:[\t !\x23-\x5b\x5d-\x7e\x80-\xff]|\\[\t\x20-\x7e\x80-\xff])*)"/y;

/**
 * What each proxy has said in `for`, the nearest last; undefined where it did not say. Null if the value is not
 * grammatical: nobody knows then who has said what.
 */
export function readForwarded(value: string): (string | undefined)[] | null {
  const elements: (string | undefined)[] = [];
  let at = 0;
  const skip = (): void => {
    while (value[at] === ' ' || value[at] === '\t') at++;
  };
  const match = (pattern: RegExp): RegExpExecArray | null => {
    pattern.lastIndex = at;
    const found = pattern.exec(value);
    if (found) at = pattern.lastIndex;
    return found;
  };
  for (;;) {
    let node: string | undefined;
    skip();
    const seen = new Set<string>();
    while (at < value.length && value[at] !== ',') {
      if (value[at] === ';') {
        at++;
        skip();
        continue;
      }
      const name = match(token)?.[0].toLowerCase();
      if (name === undefined || value[at++] !== '=' || seen.has(name)) return null;
      seen.add(name);
      const text = value[at] === '"' ? match(quoted)?.[1]?.replace(/\\(.)/g, '$1') : match(token)?.[0];
      if (text === undefined) return null;
      if (name === 'for') node = text;
      skip();
      if (at < value.length && value[at] !== ';' && value[at] !== ',') return null;
    }
    elements.push(node);
    if (at === value.length) return elements;
    at++;
  }
}

/** One element: who asked, and for which host by which scheme. @param host empty = the client did not say */
export function writeForwarded(address: string, host = '', scheme = ''): string {
  const node = address.includes(':') ? `"[${address}]"` : address || 'unknown';
  return `for=${node}${host && `;host="${host}"`}${scheme && `;proto=${scheme}`}`;
}
