/**
 * Which slot of shared memory belongs to which rate key: a hash table that all threads read and add to without locks,
 * and that one thread, the sweeper, removes from.
 *
 * A bucket is a word [version | number of its first slot]; slots are chained through `next`. Free slots wait in a queue
 * that the sweeper fills and all threads take from. A thread may die between any two steps: it leaves no lock behind,
 * at worst a slot that it had taken from the queue and not yet linked.
 *
 * - A slot is linked in front by compare-and-swap of the whole bucket word. It fails if anything was linked since the
 *   chain was searched, or removed (the sweeper raises the version): so a key never has two slots in use.
 * - A removed slot may be given to another key while a thread still stands on it. So what a search finds is good only
 *   if `holds` afterwards: nothing had been removed from that bucket since the search began.
 * - Before the sweeper removes a slot, it marks its window as condemned. Searches pass it by, as if it were gone.
 */
import type { RateKey } from './rate-counters.ts';
import { isCondemned } from './window-word.ts';

/** Words of a slot, from the offset that `find` and `add` return. */
export const windowWord = 0;
export const baseWord = 1;
export const countWord = 2;
const positionWord = 3;
const tagWord = 4;
const nextWord = 5;
const slotShift = 3; // eight words: a slot never straddles cache lines

/** Words of the header; what different threads change is on different cache lines. */
const capacityWord = 0;
const takenWord = 16;
const freedWord = 32;
const turnedAwayWord = 48;
const headerWords = 64;

/** The lower part of a bucket word: number of the first slot, 0 = none. */
const slotBits = 22;
const slotMask = 2 ** slotBits - 1;
const versionMask = ~slotMask;
const versionStep = 2 ** slotBits;
const maxCapacity = slotMask;

export class RateSlots {
  readonly words: Int32Array;
  readonly capacity: number;
  /** Buckets, and places in the queue: a power of two. */
  readonly #size: number;
  readonly #mask: number;
  readonly #queue: number;
  readonly #slots: number;
  /** The bucket word from which the last search began. */
  #head = 0;
  /** A slot that was taken from the queue for a key that turned out to have one. */
  #spare = 0;

  static allocate(capacity: number): SharedArrayBuffer {
    if (!Number.isInteger(capacity) || capacity < 1 || capacity > maxCapacity) {
      throw new RangeError(`rate counters: expected a capacity from 1 to ${maxCapacity}, got ${capacity}`);
    }
    const size = sizeFor(capacity);
    const buffer = new SharedArrayBuffer(4 * (slotsAt(size) + ((capacity + 1) << slotShift)));
    const words = new Int32Array(buffer);
    words[capacityWord] = capacity;
    words[freedWord] = capacity;
    return buffer;
  }

  constructor(buffer: SharedArrayBuffer) {
    this.words = new Int32Array(buffer);
    this.capacity = this.words[capacityWord] as number;
    this.#size = sizeFor(this.capacity);
    this.#mask = this.#size - 1;
    this.#queue = headerWords + this.#size;
    this.#slots = slotsAt(this.#size);
  }

  /** Buckets: the range of `prune`. */
  get buckets(): number {
    return this.#size;
  }

  /** Slots in use now. */
  get used(): number {
    return this.capacity - ((Atomics.load(this.words, freedWord) - Atomics.load(this.words, takenWord)) | 0);
  }

  /** How often `add` found no free slot. */
  get turnedAway(): number {
    return Atomics.load(this.words, turnedAwayWord) >>> 0;
  }

  /**
   * Offset of the key's slot; 0 = none found. Either is certain only if `holds` returns true after the caller has
   * loaded (by Atomics, so that the order is kept) the first word that it relies on.
   */
  find(key: RateKey): number {
    const head = this.words[headerWords + (key.position & this.#mask)] as number;
    this.#head = head;
    return this.#search(head & slotMask, key);
  }

  /** Nothing has been removed from the key's bucket since the last search. */
  holds(key: RateKey): boolean {
    return (((this.words[headerWords + (key.position & this.#mask)] as number) ^ this.#head) & versionMask) === 0;
  }

  /** Offset of the key's slot, which is added if it has none; 0 = no slot is free. */
  add(key: RateKey): number {
    const { words } = this;
    const bucket = headerWords + (key.position & this.#mask);
    for (;;) {
      const head = Atomics.load(words, bucket);
      this.#head = head;
      const found = this.#search(head & slotMask, key);
      if (found !== 0) return found;
      if (this.#spare === 0) this.#spare = this.#takeFree();
      if (this.#spare === 0) {
        Atomics.add(words, turnedAwayWord, 1);
        return 0;
      }
      const at = this.#offset(this.#spare);
      words[at + positionWord] = key.position;
      words[at + tagWord] = key.tag;
      words[at + nextWord] = head & slotMask;
      if (Atomics.compareExchange(words, bucket, head, (head & versionMask) | this.#spare) === head) {
        this.#spare = 0;
        return at;
      }
    }
  }

  /**
   * Removes from one bucket the slots for which `condemn(at)` returns true, having marked their windows as condemned;
   * `vacate(at)` prepares them for their next keys. For the sweeper only.
   */
  prune(index: number, condemn: (at: number) => boolean, vacate: (at: number) => void): void {
    const { words } = this;
    const bucket = headerWords + index;
    let slot = Atomics.load(words, bucket) & slotMask;
    while (slot !== 0) {
      const at = this.#offset(slot);
      const next = words[at + nextWord] as number;
      if (condemn(at)) {
        this.#unlink(bucket, slot, next);
        vacate(at);
        this.#free(slot);
      }
      slot = next;
    }
  }

  #search(first: number, key: RateKey): number {
    const { words } = this;
    for (let slot = first; slot !== 0; ) {
      const at = this.#offset(slot);
      if (
        words[at + tagWord] === key.tag &&
        words[at + positionWord] === key.position &&
        !isCondemned(words[at + windowWord] as number)
      ) {
        return at;
      }
      slot = words[at + nextWord] as number;
    }
    return 0;
  }

  /** Takes the slot out of the chain, then raises the version: only then may anybody else be given the slot. */
  #unlink(bucket: number, slot: number, next: number): void {
    const { words } = this;
    for (;;) {
      const head = Atomics.load(words, bucket);
      let first = head & slotMask;
      if (first === slot) first = next;
      else this.#bypass(first, slot, next);
      const raised = ((head & versionMask) + versionStep) | first;
      if (Atomics.compareExchange(words, bucket, head, raised) === head) return;
    }
  }

  /** Others only ever link in front, so the rest of a chain is the sweeper's own. */
  #bypass(first: number, slot: number, next: number): void {
    let at = this.#offset(first);
    while (this.words[at + nextWord] !== slot) {
      if (this.words[at + nextWord] === next) return; // done in an attempt before
      at = this.#offset(this.words[at + nextWord] as number);
    }
    Atomics.store(this.words, at + nextWord, next);
  }

  /** A place of the queue that was never written stands for the slot of the same number: all are free at first. */
  #takeFree(): number {
    const { words } = this;
    for (;;) {
      const taken = Atomics.load(words, takenWord);
      if (taken === Atomics.load(words, freedWord)) return 0;
      const slot = Atomics.load(words, this.#queue + (taken & this.#mask)) || taken + 1;
      if (Atomics.compareExchange(words, takenWord, taken, (taken + 1) | 0) === taken) return slot;
    }
  }

  #free(slot: number): void {
    const { words } = this;
    const freed = Atomics.load(words, freedWord);
    Atomics.store(words, this.#queue + (freed & this.#mask), slot);
    Atomics.store(words, freedWord, (freed + 1) | 0);
  }

  #offset(slot: number): number {
    return this.#slots + (slot << slotShift);
  }
}

function sizeFor(capacity: number): number {
  return 2 ** Math.ceil(Math.log2(Math.max(capacity, 16)));
}

function slotsAt(size: number): number {
  return headerWords + 2 * size;
}
