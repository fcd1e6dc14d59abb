/**
 * A bounded cache for the hot path: least recently used, approximately, without a list to keep in order.
 *
 * Entries live in two maps. New and used ones go to the young one; when it is half of the capacity it becomes the old
 * one, and what was in the old one and not used since is dropped. So the last capacity / 2 keys used are always there,
 * never more than `capacity`, and a hit on a young entry is one look-up that changes and allocates nothing.
 */

interface Entry<V> {
  readonly value: V;
  /** Milliseconds since the epoch at which it is no longer good. */
  readonly expires: number;
}

export class GenerationalCache<V extends NonNullable<unknown> | null> {
  /** Look-ups that found an entry that was still good. */
  hits = 0;
  /** Look-ups that didn't. */
  misses = 0;
  readonly #half: number;
  #young = new Map<string, Entry<V>>();
  #old = new Map<string, Entry<V>>();

  /** `capacity`: entries at most; an odd number counts as the even one below, and 0 keeps none. */
  constructor(capacity: number) {
    if (!(capacity >= 0)) throw new RangeError(`cache capacity: expected 0 or more, got ${capacity}`);
    this.#half = Math.floor(capacity / 2);
  }

  /** Entries now, those that have expired and were not asked for since included. */
  get size(): number {
    return this.#young.size + this.#old.size;
  }

  /** The value, if there is one that is good at `nowMs`. */
  get(key: string, nowMs: number): V | undefined {
    let entry = this.#young.get(key);
    if (entry === undefined) {
      entry = this.#old.get(key);
      if (entry !== undefined) {
        this.#old.delete(key);
        if (nowMs < entry.expires) this.#keep(key, entry);
      }
    } else if (nowMs >= entry.expires) {
      this.#young.delete(key);
    }
    if (entry === undefined || nowMs >= entry.expires) {
      this.misses++;
      return undefined;
    }
    this.hits++;
    return entry.value;
  }

  /** Adds or replaces an entry that is good until `expiresMs`, which itself is too late. */
  set(key: string, value: V, expiresMs: number): void {
    if (this.#half === 0) return;
    this.delete(key);
    this.#keep(key, { value, expires: expiresMs });
  }

  /** False if there was none. */
  delete(key: string): boolean {
    return this.#young.delete(key) || this.#old.delete(key);
  }

  clear(): void {
    this.#young.clear();
    this.#old.clear();
  }

  #keep(key: string, entry: Entry<V>): void {
    this.#young.set(key, entry);
    if (this.#young.size < this.#half) return;
    const dropped = this.#old;
    dropped.clear();
    this.#old = this.#young;
    this.#young = dropped;
  }
}
