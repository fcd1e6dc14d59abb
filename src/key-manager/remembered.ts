/** What was read from the store, for as long as nothing that it depends on was written. */

/** Entries at most; then all are forgotten. */
const capacity = 10_000;
/** Characters of a key at most: longer ones are names that somebody makes up. */
const longestKey = 512;
/** Milliseconds after which an entry is read again all the same: somebody may have changed the database by hand. */
const longest = 10_000;

interface Entry<V> {
  /** Where the store stood before it was read. */
  readonly at: number;
  readonly readAt: number;
  readonly value: Promise<V>;
}

export class Remembered<V> {
  readonly #entries = new Map<string, Entry<V>>();
  readonly #keeps: (value: V) => boolean;

  /** @param keeps whether a value is worth to be remembered. Default: each is */
  constructor(keeps: (value: V) => boolean = () => true) {
    this.#keeps = keeps;
  }

  /**
   * The value of a key.
   * @param at where the store stands, by whichever of its counters grows when the value may change. It was read before this
   *   call, so what is read now is at least as new.
   */
  get(key: string, at: number, read: () => Promise<V>): Promise<V> {
    if (key.length > longestKey) return read();
    const known = this.#entries.get(key);
    const now = performance.now();
    if (known && known.at === at && now - known.readAt < longest) return known.value;
    const value = read();
    const entry = { at, readAt: now, value };
    this.#keep(key, entry);
    const drop = () => {
      if (this.#entries.get(key) === entry) this.#entries.delete(key);
    };
    // What could not be read is nothing to remember.
    value.then((read) => this.#keeps(read) || drop(), drop);
    return value;
  }

  /** Whether it was asked for before, so that there may be a value; of a name too long to be remembered nobody knows. */
  mayHave(key: string): boolean {
    return key.length > longestKey || this.#entries.has(key);
  }

  /** What is known without being read. @param at where the store stood when that was true, or before */
  put(key: string, at: number, value: V): void {
    if (key.length <= longestKey) this.#keep(key, { at, readAt: performance.now(), value: Promise.resolve(value) });
  }

  forget(key: string): void {
    this.#entries.delete(key);
  }

  #keep(key: string, entry: Entry<V>): void {
    if (this.#entries.size >= capacity) this.#entries.clear();
    this.#entries.set(key, entry);
  }
}
