/**
 * What was made of a text, for texts of which few come again and again: of all tokens of a client the consumer key and
 * the scopes are the same. Who shares them leaves less to the garbage collector, which stops the thread while it copies.
 */

/** Characters of the longest text that is kept. */
const longest = 1000;

export class Memo<V extends NonNullable<unknown> | null> {
  readonly #make: (text: string) => V;
  readonly #capacity: number;
  readonly #made = new Map<string, V>();

  /** When there are `capacity`, all are forgotten. What `make` returns is shared, so nobody may change it. */
  constructor(capacity: number, make: (text: string) => V) {
    this.#capacity = capacity;
    this.#make = make;
  }

  get(text: string): V {
    if (text.length > longest) return this.#make(text);
    const known = this.#made.get(text);
    if (known !== undefined) return known;
    const made = this.#make(text);
    if (this.#made.size >= this.#capacity) this.#made.clear();
    this.#made.set(text, made);
    return made;
  }
}
