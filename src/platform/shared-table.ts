/**
 * An exact hash table in shared memory: 128-bit key -> a few uint32 words. One thread writes, any number read, nobody
 * waits.
 *
 * Open addressing with linear probing. Keys are keyed fingerprints (`fingerprint.ts`), or as well mixed: the first key
 * word serves as hash value as it is. A slot is [tag, the other three key words, values]; the tag is the second key
 * word, 0 = empty, 1 = deleted. At most half of the slots have a key, so probes stay short without moving entries, and
 * entries must not move: a reader could pass the new place before and the old place after.
 *
 * What a reader may rely on:
 * - A key that is present during the whole of a `find` is found. "Present" begins where the reader has synchronised
 *   with the writer after `put` returned: by a message, or an Atomics load that sees what the writer stored after.
 * - A key that was never put is not found.
 * - Each value word is whole. `put` writes the words of an entry last to first, so a reader that loads word 0 first
 *   sees the others at least as new; nothing else is promised about two words together.
 * - A slot stays with its key until the writer deletes the key; then it may get another one at any time. A reader
 *   that must not mistake the next key's values for its own asks `holds` after it has loaded them.
 */

const headerWords = 16; // one cache line, which `size` shares with no slot
const slotsWord = 0;
const valueWordsWord = 1;
const capacityWord = 2;
const sizeWord = 3;

const keyWords = 4;
const empty = 0;
const deleted = 1;
const maxCapacity = 2 ** 26;

export interface SharedTableOptions {
  /** Keys at most, 1 to 2^26. Memory is reserved for all of them; pages never touched cost nothing. */
  readonly capacity: number;
  /** Value words per key, 0 to 12. */
  readonly valueWords: number;
}

/** The reading side; each thread opens its own on the same buffer. */
export class SharedTableReader {
  /** Hand this to the other threads. */
  readonly buffer: SharedArrayBuffer;
  /** Keys at most. */
  readonly capacity: number;
  protected readonly words: Int32Array;
  protected readonly mask: number;
  /** Words from one slot to the next. */
  protected readonly stride: number;

  constructor(buffer: SharedArrayBuffer) {
    this.buffer = buffer;
    this.words = new Int32Array(buffer);
    this.mask = (this.words[slotsWord] as number) - 1;
    this.stride = keyWords + (this.words[valueWordsWord] as number);
    this.capacity = this.words[capacityWord] as number;
  }

  /** Keys now. */
  get size(): number {
    return Atomics.load(this.words, sizeWord);
  }

  /** The slot of the key in `key[at]` to `key[at + 3]`, or -1. Allocates nothing. */
  find(key: Uint32Array, at: number): number {
    const { words, mask, stride } = this;
    const first = (key[at] as number) | 0;
    const tag = tagOf(key[at + 1] as number);
    let slot = first & mask;
    // Plain loads are enough to pass by: what happened before is seen. Only a match has to be ordered with the rest of
    // its slot. (An Atomics load is a call, and would cost as much as all the rest.)
    for (let probes = mask; probes >= 0; probes--) {
      const word = headerWords + slot * stride;
      const found = words[word];
      if (found === empty) return -1;
      if (found === tag && this.holds(slot, key, at)) return slot;
      slot = (slot + 1) & mask;
    }
    return -1;
  }

  /** The slot belongs to the key, and so do all values that were loaded from it since it did so before. */
  holds(slot: number, key: Uint32Array, at: number): boolean {
    const { words } = this;
    const word = headerWords + slot * this.stride;
    return (
      Atomics.load(words, word) === tagOf(key[at + 1] as number) &&
      words[word + 1] === ((key[at] as number) | 0) &&
      words[word + 2] === ((key[at + 2] as number) | 0) &&
      words[word + 3] === ((key[at + 3] as number) | 0)
    );
  }

  /** A value word of a slot that `find` returned or that has a key. */
  value(slot: number, word: number): number {
    return Atomics.load(this.words, headerWords + slot * this.stride + keyWords + word) >>> 0;
  }
}

/** The writing side. Exactly one thread has one. */
export class SharedTable extends SharedTableReader {
  constructor({ capacity, valueWords }: SharedTableOptions) {
    expectInteger('capacity', capacity, 1, maxCapacity);
    expectInteger('value words', valueWords, 0, 12);
    const slots = 2 ** Math.ceil(Math.log2(2 * capacity));
    const buffer = new SharedArrayBuffer(4 * (headerWords + slots * (keyWords + valueWords)));
    const words = new Int32Array(buffer);
    words[slotsWord] = slots;
    words[valueWordsWord] = valueWords;
    words[capacityWord] = capacity;
    super(buffer);
  }

  /** Places for keys, numbered from 0; two to four times the capacity. */
  get slots(): number {
    return this.mask + 1;
  }

  /**
   * Adds the key, or replaces its values. False, and nothing changed, if the key is new and there is no room: whoever
   * calls has to decide what that means, and not to ignore it.
   */
  put(key: Uint32Array, at: number, values: readonly number[]): boolean {
    const present = this.find(key, at);
    if (present >= 0) {
      for (let word = values.length - 1; word >= 0; word--) this.set(present, word, values[word] as number);
      return true;
    }
    return this.putNew(key, at, values);
  }

  /** `put` for a key of which `find` has said that it isn't there. */
  putNew(key: Uint32Array, at: number, values: readonly number[]): boolean {
    if (this.size >= this.capacity) return false;

    // The first place without a key, be it empty or deleted: with one writer, nobody else can be adding this key.
    let slot = (key[at] as number) & this.mask;
    while (this.hasKey(slot)) slot = (slot + 1) & this.mask;
    const { words } = this;
    const word = headerWords + slot * this.stride;
    words[word + 1] = key[at] as number;
    words[word + 2] = key[at + 2] as number;
    words[word + 3] = key[at + 3] as number;
    for (let i = 0; i < values.length; i++) this.set(slot, i, values[i] as number);
    Atomics.store(words, word, tagOf(key[at + 1] as number)); // from here on it is there
    Atomics.add(words, sizeWord, 1);
    return true;
  }

  /** Changes one value word of a slot that `find` returned. */
  set(slot: number, word: number, value: number): void {
    Atomics.store(this.words, headerWords + slot * this.stride + keyWords + word, value | 0);
  }

  /** Whether there is a key in a slot. */
  hasKey(slot: number): boolean {
    const tag = this.#tag(slot);
    return tag !== empty && tag !== deleted;
  }

  /** Copies the key of a slot that has one: a key that is found wherever the original is. */
  copyKey(slot: number, into: Uint32Array, at: number): void {
    const { words } = this;
    const word = headerWords + slot * this.stride;
    into[at] = words[word + 1] as number;
    into[at + 1] = words[word] as number;
    into[at + 2] = words[word + 2] as number;
    into[at + 3] = words[word + 3] as number;
  }

  /** Removes the key; false if it wasn't there. */
  delete(key: Uint32Array, at: number): boolean {
    const slot = this.find(key, at);
    if (slot >= 0) this.#vacate(slot);
    return slot >= 0;
  }

  /**
   * Looks at `steps` slots from `from` on and deletes those for which `drop(slot)` is true. Returns where to go on,
   * which is 0 after the last. Called often with few steps, it never makes anybody wait for expiry.
   */
  sweep(from: number, steps: number, drop: (slot: number) => boolean): number {
    let slot = from & this.mask;
    for (let step = 0; step < steps; step++) {
      if (this.hasKey(slot) && drop(slot)) this.#vacate(slot);
      slot = (slot + 1) & this.mask;
    }
    return slot;
  }

  /**
   * A slot in the middle of a run stays marked as deleted, because probes for the keys behind go through it. At the
   * end of a run there is nothing behind: it becomes empty, and so do the deleted ones before it.
   */
  #vacate(slot: number): void {
    Atomics.sub(this.words, sizeWord, 1);
    if (this.#tag((slot + 1) & this.mask) !== empty) {
      this.#mark(slot, deleted);
      return;
    }
    let last = slot;
    do {
      this.#mark(last, empty);
      last = (last - 1) & this.mask;
    } while (this.#tag(last) === deleted);
  }

  #tag(slot: number): number {
    return this.words[headerWords + slot * this.stride] as number;
  }

  #mark(slot: number, tag: number): void {
    Atomics.store(this.words, headerWords + slot * this.stride, tag);
  }
}

/** The second key word, kept clear of the two marks. */
function tagOf(word: number): number {
  const tag = word | 0;
  return tag === empty || tag === deleted ? tag + 2 : tag;
}

function expectInteger(what: string, value: number, least: number, most: number): void {
  if (Number.isInteger(value) && value >= least && value <= most) return;
  throw new RangeError(`shared table, ${what}: expected an integer from ${least} to ${most}, got ${value}`);
}
