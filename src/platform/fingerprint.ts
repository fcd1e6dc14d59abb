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

/** A fingerprint takes this many elements of a Uint32Array. */
export const fingerprintWords = 4;

/** A new key: 32 random bytes in a buffer of their own, fit for `workerData`. */
export function newFingerprintKey(): Uint8Array {
  return new Uint8Array(randomBytes(keyLength));
}

export class Fingerprinter {
  /** Key block, then the message; reused for each call. */
  #input = Buffer.alloc(1024);

  /** `key`: 32 bytes, the same in each thread that shares a table. */
  constructor(key: Uint8Array) {
    if (key.length !== keyLength) throw new RangeError(`fingerprint key: expected 32 bytes, got ${key.length}`);
    this.#input.set(key);
  }

  /**
   * Writes the fingerprint of `parts` into four elements of `into` from `at`. `kind` (0 to 255) says what the parts
   * mean. Different kinds, parts or divisions into parts have different fingerprints.
   *
   * SHA-256 over a secret block and a prefix-free message is a pseudo-random function (the cascade construction), and
   * half of the digest is dropped; HMAC would hash twice and cost five times as much here. Strings are taken as
   * UTF-16, because UTF-8 would turn all lone surrogates into the same replacement character.
   */
  write(into: Uint32Array, at: number, kind: number, ...parts: readonly string[]): void {
    let length = blockLength + 5;
    for (const part of parts) length += 4 + 2 * part.length;
    if (length > this.#input.length) this.#grow(length);

    const input = this.#input;
    let end = input.writeUInt8(kind, blockLength);
    end = input.writeUInt32LE(parts.length, end);
    for (const part of parts) {
      end = input.writeUInt32LE(part.length, end);
      end += input.write(part, end, 'utf16le');
    }
    const digest = hash('sha256', input.subarray(0, end), 'binary');
    for (let word = 0; word < fingerprintWords; word++) into[at + word] = wordOf(digest, 4 * word);
  }

  #grow(length: number): void {
    const longer = Buffer.alloc(2 * length);
    this.#input.copy(longer, 0, 0, keyLength);
    this.#input = longer;
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
