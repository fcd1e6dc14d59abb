/**
 * Keyed 128-bit fingerprints of strings: what shared tables hold instead of the strings themselves.
 *
 * The key is random, and stays on the machine, so nobody outside can choose strings that collide or crowd into one part of a table,
 * and a table's memory tells nothing about the strings. Computed when a token or key is first seen, then kept.
 */
import { hash, randomBytes } from 'node:crypto';

const keyLength = 32;
/** SHA-256 works in blocks of 64 bytes; the key has the first one to itself. */
const blockLength = 64;
const blockUnits = blockLength / 2;

/** A fingerprint takes this many elements of a Uint32Array. */
export const fingerprintWords = 4;

/** A new key: 32 random bytes in a buffer of their own, fit for `workerData`. */
export function newFingerprintKey(): Uint8Array {
  return new Uint8Array(randomBytes(keyLength));
}

/** Messages whose fingerprints are remembered: subjects, clients and limits come again with every token. */
const places = 1024;
/** Units of the longest of them. */
const longest = 128;

/** Of this many bytes at most the views of the input are kept, one for each length. */
const keptViews = 1024;

export class Fingerprinter {
  /** Key block, then the message; reused for each call. The same memory as bytes and as UTF-16 units. */
  #bytes: Buffer = Buffer.alloc(1);
  #units: Uint16Array = new Uint16Array(1);
  /** The first so many units of the input, made once. */
  #views: (Buffer | undefined)[] = [];
  /** Messages that came lately, their lengths and fingerprints; each has one place. */
  readonly #messages = new Uint16Array(places * longest);
  readonly #lengths = new Uint8Array(places);
  readonly #fingerprints = new Uint32Array(places * fingerprintWords);

  /** `key`: 32 bytes, the same in each thread that shares a table. */
  constructor(key: Uint8Array) {
    if (key.length !== keyLength) throw new RangeError(`fingerprint key: expected 32 bytes, got ${key.length}`);
    this.#allocate(keptViews, key);
  }

  /**
   * Writes the fingerprint of `parts` into four elements of `into` from `at`. `kind` (0 to 255) says what the parts
   * mean. Different kinds, parts or divisions into parts have different fingerprints.
   *
   * SHA-256 over a secret block and a prefix-free message is a pseudo-random function (the cascade construction), and
   * half of the digest is dropped; HMAC would hash twice and cost five times as much here. Strings are taken as
   * UTF-16, because UTF-8 would turn all lone surrogates into the same replacement character; a loop over units that fit
   * takes less than a call of the runtime for strings as short as these.
   */
  write(into: Uint32Array, at: number, kind: number, ...parts: readonly string[]): void {
    let length = blockUnits + 2;
    for (const part of parts) length += 2 + part.length;
    if (length * 2 > this.#bytes.length) this.#allocate(4 * length, this.#bytes.subarray(0, keyLength));

    const units = this.#units;
    units[blockUnits] = kind;
    units[blockUnits + 1] = parts.length;
    let end = blockUnits + 2;
    let mixed = kind;
    for (const part of parts) {
      units[end++] = part.length;
      units[end++] = part.length >>> 16;
      for (let i = 0; i < part.length; i++) {
        const unit = part.charCodeAt(i);
        units[end++] = unit;
        mixed = Math.imul(mixed ^ unit, 0x9e3779b1);
      }
    }
    const place = (mixed ^ (mixed >>> 15)) & (places - 1);
    const known = this.#fingerprints;
    const from = place * fingerprintWords;
    if (!this.#isKnown(place, end)) {
      const digest = hash('sha256', this.#first(end), 'binary');
      for (let word = 0; word < fingerprintWords; word++) known[from + word] = wordOf(digest, 4 * word);
      this.#remember(place, end);
    }
    for (let word = 0; word < fingerprintWords; word++) into[at + word] = known[from + word] as number;
  }

  /** Every unit is compared: two messages of one place displace each other, and nothing more. */
  #isKnown(place: number, end: number): boolean {
    if (this.#lengths[place] !== end - blockUnits) return false;
    const [units, messages, from] = [this.#units, this.#messages, place * longest - blockUnits];
    for (let at = blockUnits; at < end; at++) if (units[at] !== messages[from + at]) return false;
    return true;
  }

  #remember(place: number, end: number): void {
    const fits = end - blockUnits <= longest;
    this.#lengths[place] = fits ? end - blockUnits : 0;
    if (!fits) return;
    const [units, messages, from] = [this.#units, this.#messages, place * longest - blockUnits];
    for (let at = blockUnits; at < end; at++) messages[from + at] = units[at] as number;
  }

  #first(units: number): Buffer {
    if (units > keptViews / 2) return this.#bytes.subarray(0, 2 * units);
    return (this.#views[units] ??= this.#bytes.subarray(0, 2 * units));
  }

  #allocate(length: number, key: Uint8Array): void {
    const bytes = Buffer.alloc(length);
    bytes.set(key);
    this.#bytes = bytes;
    this.#units = new Uint16Array(bytes.buffer, bytes.byteOffset, length / 2);
    this.#views = [];
  }
}

/** Four bytes of a binary string; asking for the digest as a Buffer would triple the cost of the hash. */
function wordOf(digest: string, at: number): number {
  return (
    (digest.charCodeAt(at) << 24) |
    (digest.charCodeAt(at + 1) << 16) |
    (digest.charCodeAt(at + 2) << 8) |
    digest.charCodeAt(at + 3)
  );
}
