/**
 * The revocations that a gateway holds, in shared memory: the main thread adds, every data thread asks on each request.
 *
 * Exact: once `add` has returned, no thread finds a token clean that the entry covers. An entry is a fingerprint with
 * two words: the newest issue time that it denies, and the time at which it expires.
 */
import type { Revocation } from '../../core/revocation.ts';
import { type Fingerprinter, fingerprintWords } from '../../platform/fingerprint.ts';
import { SharedTable, SharedTableReader } from '../../platform/shared-table.ts';
import { clientAt, subjectAt, type TokenIdentity, tokenAt, writeRevocable } from './token-identity.ts';

/** Words of an entry outside of the table: its fingerprint, `deniedUntil`, `expires`. */
export const entryWords = fingerprintWords + 2;

/** Value words of an entry. Both only ever grow: the stricter of two revocations wins. */
const deniedUntil = 0;
const expires = 1;

/** In `deniedUntil`: whatever the time of issue. In `expires`: stays for ever. Else seconds, which last until 2106. */
const always = 0xffff_ffff;

/** Words of the state buffer. */
const generationWord = 0;
const overflowedWord = 1;

/** Seconds that an entry stays after the last token it covers has expired: room for clocks that disagree. */
const lingering = 3600;

/** What a data thread needs to open a reader; goes through `workerData`. */
export interface RevokedSetBuffers {
  readonly table: SharedArrayBuffer;
  readonly state: SharedArrayBuffer;
}

/** The reading side; one per data thread. */
export class RevokedSetReader {
  readonly buffers: RevokedSetBuffers;
  readonly #table: SharedTableReader;
  protected readonly state: Uint32Array;

  constructor(buffers: RevokedSetBuffers) {
    this.buffers = buffers;
    this.#table = new SharedTableReader(buffers.table);
    this.state = new Uint32Array(buffers.state);
  }

  /** Entries now. */
  get size(): number {
    return this.#table.size;
  }

  /** Entries at most. */
  get capacity(): number {
    return this.#table.capacity;
  }

  /** Another number each time that something is denied that wasn't before. */
  get generation(): number {
    return Atomics.load(this.state, generationWord);
  }

  /**
   * An entry could not be added, so "not revoked" is no longer certain. `isRevoked` goes on answering from what there
   * is; whoever asks it has to read this too and fail closed.
   */
  get overflowed(): boolean {
    return Atomics.load(this.state, overflowedWord) !== 0;
  }

  /**
   * Whether the token, its subject or its client is revoked. A token found clean costs one atomic load from then on,
   * until the next revocation of anything.
   */
  isRevoked(token: TokenIdentity): boolean {
    // Read before the look-ups. What is added meanwhile raises the generation only when it is in the table: either the
    // look-ups see it, or the next call sees another generation.
    const generation = Atomics.load(this.state, generationWord);
    if (token.cleanAt === generation) return false;
    if (this.#denies(token, tokenAt) || this.#denies(token, subjectAt) || this.#denies(token, clientAt)) return true;
    token.cleanAt = generation;
    return false;
  }

  #denies(token: TokenIdentity, at: number): boolean {
    for (;;) {
      const slot = this.#table.find(token.words, at);
      if (slot < 0) return false;
      const until = this.#table.value(slot, deniedUntil);
      // An entry that left meanwhile may have handed its slot to another, and this is the other's word.
      if (this.#table.holds(slot, token.words, at)) return until === always || token.issuedAt <= until;
    }
  }
}

export interface RevokedSetOptions {
  /** Entries at most. Default 1,000,000, for which 48 MiB are reserved. */
  readonly capacity?: number;
  /** Told each time that an entry has no room: a decision can't be held, so the gateway must not serve. */
  readonly overflow?: () => void;
}

export interface CopiedEntries {
  /** The element behind the last one that was written. */
  readonly end: number;
  /** The place to go on from; null = there are no more. */
  readonly next: number | null;
}

/** Places that `copyOut` looks at in one call at most: about a millisecond. */
const maxPlaces = 65_536;

/** The writing side, for the main thread. */
export class RevokedSet extends RevokedSetReader {
  readonly #table: SharedTable;
  readonly #fingerprinter: Fingerprinter;
  readonly #overflow: () => void;
  /** Scratch for `add`. */
  readonly #entry = new Uint32Array(fingerprintWords);
  #cursor = 0;

  /** `fingerprinter`: with the key with which the identities of tokens are made. */
  constructor(fingerprinter: Fingerprinter, { capacity = 1_000_000, overflow }: RevokedSetOptions = {}) {
    const table = new SharedTable({ capacity, valueWords: 2 });
    super({ table: table.buffer, state: new SharedArrayBuffer(64) });
    this.#table = table;
    this.#fingerprinter = fingerprinter;
    this.#overflow = overflow ?? (() => {});
  }

  /**
   * Holds for every thread when it returns. What is there already is only ever made stricter: a later `issuedBefore`
   * or none at all, a later expiry. False if there is no room; `overflowed` is then set.
   */
  add(revocation: Revocation): boolean {
    writeRevocable(this.#fingerprinter, this.#entry, 0, revocation);
    return this.#deny(this.#entry, 0, deniedUntilOf(revocation), toSeconds(Math.ceil(revocation.expires)));
  }

  /**
   * Adds entries that `copyOut` gave, perhaps of another process, with the same fingerprint key. Those that are gone at
   * `nowMs` (see `sweep`) are passed over. What has no room sets `overflowed`.
   */
  copyIn(entries: Uint32Array, nowMs: number): void {
    const lastGone = lastGoneAt(nowMs);
    for (let at = 0; at < entries.length; at += entryWords) {
      const expiry = entries[at + fingerprintWords + expires] as number;
      if (isGone(expiry, lastGone)) continue;
      this.#deny(entries, at, entries[at + fingerprintWords + deniedUntil] as number, expiry);
    }
  }

  /**
   * Copies entries into `into` from its element `at` on, beginning with place `from` (0 at first), without those that are
   * gone at `nowMs`. Stops when `into` is full, or after some thousand places, so that nobody waits for it. Entries that
   * are added between two calls are copied or not; those that were there before the first call are.
   */
  copyOut(from: number, into: Uint32Array, at: number, nowMs: number): CopiedEntries {
    const table = this.#table;
    const lastGone = lastGoneAt(nowMs);
    const last = Math.min(from + maxPlaces, table.slots);
    let place = from;
    let end = at;
    for (; place < last && end < into.length; place++) {
      if (!table.hasKey(place)) continue;
      const expiry = table.value(place, expires);
      if (isGone(expiry, lastGone)) continue;
      table.copyKey(place, into, end);
      into[end + fingerprintWords + deniedUntil] = table.value(place, deniedUntil);
      into[end + fingerprintWords + expires] = expiry;
      end += entryWords;
    }
    return { end, next: place < table.slots ? place : null };
  }

  /** Only ever makes stricter what there is. */
  #deny(key: Uint32Array, at: number, until: number, expiry: number): boolean {
    const slot = this.#table.find(key, at);
    if (slot >= 0) {
      if (expiry > this.#table.value(slot, expires)) this.#table.set(slot, expires, expiry);
      // Sources are read again and again: what changes nothing must not make threads look up their clean tokens anew.
      if (until <= this.#table.value(slot, deniedUntil)) return true;
      this.#table.set(slot, deniedUntil, until);
    } else if (!this.#table.putNew(key, at, [until, expiry])) {
      Atomics.store(this.state, overflowedWord, 1);
      this.#overflow();
      return false;
    }
    Atomics.add(this.state, generationWord, 1);
    return true;
  }

  /** Whether `sweep` would let it go at `nowMs`, so that it need not be added. */
  isGone({ expires }: Revocation, nowMs: number): boolean {
    return isGone(toSeconds(Math.ceil(expires)), lastGoneAt(nowMs));
  }

  /** Ends `overflowed`: a complete source has been read again from its beginning, and each `add` returned true. */
  clearOverflow(): void {
    Atomics.store(this.state, overflowedWord, 0);
  }

  /**
   * Looks at the next `steps` places and lets go of entries that expired an hour or more before `nowMs`. A clock that
   * falls back only keeps them longer. One that leapt ahead would let some go too early: `settledTime` is one that does not.
   */
  sweep(nowMs: number, steps: number): void {
    const lastGone = lastGoneAt(nowMs);
    this.#cursor = this.#table.sweep(this.#cursor, steps, (slot) => isGone(this.#table.value(slot, expires), lastGone));
  }
}

/** The expiry, in seconds, up to which entries are gone. */
const lastGoneAt = (nowMs: number): number => nowMs / 1000 - lingering;
const isGone = (expiry: number, lastGone: number): boolean => expiry !== always && expiry <= lastGone;

/** Only subjects and clients have an `issuedBefore`. */
function deniedUntilOf({ type, issuedBefore }: Revocation): number {
  if (issuedBefore === undefined || (type !== 'subject' && type !== 'client')) return always;
  return toSeconds(Math.floor(issuedBefore));
}

/** Seconds as a word. What isn't a number, or is beyond the year 2106, is `always`: the strict reading. */
function toSeconds(seconds: number): number {
  return seconds < always ? Math.max(0, seconds) : always;
}
