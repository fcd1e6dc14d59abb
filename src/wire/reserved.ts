/**
 * Fields that clients have no say in. A field is looked at by the first letter of its name: most have none of these, and
 * cost no more than that.
 */

interface Entry {
  readonly name: Buffer;
  /** What begins with the name is meant, not the name alone. */
  readonly isPrefix: boolean;
}

export class ReservedFields {
  readonly #byLetter: (readonly Entry[] | undefined)[] = new Array(256).fill(undefined);

  /** @param names in lower case; one that ends in `*` means all that begin so */
  constructor(names: readonly string[]) {
    for (const text of names) {
      const isPrefix = text.endsWith('*');
      const name = Buffer.from(isPrefix ? text.slice(0, -1) : text);
      const letter = name[0];
      if (letter !== undefined) this.#byLetter[letter] = [...(this.#byLetter[letter] ?? []), { name, isPrefix }];
    }
  }

  /** Whether the name in `bytes`, whatever its case, is one of them. */
  has(bytes: Uint8Array, from: number, to: number): boolean {
    const entries = this.#byLetter[small(bytes[from] as number)];
    if (entries === undefined) return false;
    for (const { name, isPrefix } of entries) {
      const { length } = name;
      if (isPrefix ? to - from < length : to - from !== length) continue;
      let at = 0;
      while (at < length && small(bytes[from + at] as number) === name[at]) at++;
      if (at === length) return true;
    }
    return false;
  }

  hasName(name: string): boolean {
    if (this.#byLetter[small(name.charCodeAt(0))] === undefined) return false;
    return this.has(Buffer.from(name, 'latin1'), 0, name.length);
  }
}

const small = (byte: number): number => (byte >= 65 && byte <= 90 ? byte + 32 : byte);
