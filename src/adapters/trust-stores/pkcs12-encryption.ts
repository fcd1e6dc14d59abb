/** How PKCS#12 files are protected by a password: the ways of older tools (RFC 7292 appendices B and C) and PBES2 (RFC 8018). */

import { createDecipheriv, createHash, createHmac, hash, pbkdf2Sync, timingSafeEqual } from 'node:crypto';
import { DerError, type DerValue } from './der.ts';
import { decryptRc2 } from './rc2.ts';

const pbes2 = '1.2.840.113549.1.5.13';
const pbkdf2 = '1.2.840.113549.1.5.12';

/** RFC 7292 appendix C: ciphers whose keys are derived as in its appendix B, with SHA-1. Lengths in bytes. */
const olderCiphers: Readonly<Record<string, { cipher: 'des-ede3-cbc' | 'rc2'; keyLength: number }>> = {
  '1.2.840.113549.1.12.1.3': { cipher: 'des-ede3-cbc', keyLength: 24 },
  '1.2.840.113549.1.12.1.5': { cipher: 'rc2', keyLength: 16 },
  '1.2.840.113549.1.12.1.6': { cipher: 'rc2', keyLength: 5 },
};

/** RFC 8018 appendix B.2. */
const pbes2Ciphers: Readonly<Record<string, { cipher: string; keyLength: number }>> = {
  '1.2.840.113549.3.7': { cipher: 'des-ede3-cbc', keyLength: 24 },
  '2.16.840.1.101.3.4.1.2': { cipher: 'aes-128-cbc', keyLength: 16 },
  '2.16.840.1.101.3.4.1.22': { cipher: 'aes-192-cbc', keyLength: 24 },
  '2.16.840.1.101.3.4.1.42': { cipher: 'aes-256-cbc', keyLength: 32 },
};

/** RFC 8018 appendix B.1. */
const pseudoRandomFunctions: Readonly<Record<string, string>> = {
  '1.2.840.113549.2.7': 'sha1',
  '1.2.840.113549.2.9': 'sha256',
  '1.2.840.113549.2.10': 'sha384',
  '1.2.840.113549.2.11': 'sha512',
};

/** Digests of the MAC, with the lengths of their blocks and of themselves in bytes. */
const digests: Readonly<Record<string, { digest: string; block: number; length: number }>> = {
  '1.3.14.3.2.26': { digest: 'sha1', block: 64, length: 20 },
  '2.16.840.1.101.3.4.2.1': { digest: 'sha256', block: 64, length: 32 },
  '2.16.840.1.101.3.4.2.2': { digest: 'sha384', block: 128, length: 48 },
  '2.16.840.1.101.3.4.2.3': { digest: 'sha512', block: 128, length: 64 },
};

/** Bytes of a salt at most. */
const maxSalt = 1024;
/** Bytes that RC2, which isn't native, decrypts at most. */
const maxRc2 = 1 << 20;

/**
 * How many rounds of hashing all keys of one file may take together: more would only keep the processor busy. Java 11 took
 * 250,000 for a file with a certificate, and 150,000 more for each private key.
 */
export class Rounds {
  static readonly most = 1_500_000;
  #left = Rounds.most;

  /** @throws DerError when there are not as many left */
  take(rounds: number): void {
    this.#left -= rounds;
    if (!(this.#left >= 0)) throw new DerError(`its keys take more than ${Rounds.most} rounds of hashing`);
  }
}

/** What the derived bytes are for (RFC 7292 appendix B.3). */
const purpose = { key: 1, iv: 2, mac: 3 } as const;

/** Whether the MAC over the contents is that of the password. @throws DerError */
export function verifyMac(mac: DerValue, contents: Buffer, password: string, rounds: Rounds): boolean {
  const info = mac.at(0);
  const { digest, block, length } = known(digests, info.at(0).at(0).identifier, 'digest');
  const expected = info.at(1).octets;
  if (expected.length !== length) {
    throw new DerError(`its MAC has ${expected.length} bytes; one of ${digest} has ${length}`);
  }
  const iterations = count(mac.children[2]?.integer ?? 1);
  const key = derive(
    { password, digest, block, purpose: purpose.mac, salt: saltOf(mac.at(1)), iterations, length },
    rounds,
  );
  return timingSafeEqual(createHmac(digest, key).update(contents).digest(), expected);
}

/** @throws Error if the algorithm is unknown or the password wrong */
export function decrypt(algorithm: DerValue, encrypted: Buffer, password: string, rounds: Rounds): Buffer {
  const identifier = algorithm.at(0).identifier;
  const parameters = algorithm.at(1);
  if (identifier === pbes2) return decryptPbes2(parameters, encrypted, password, rounds);
  const { cipher, keyLength } = known(olderCiphers, identifier, 'encryption');
  if (cipher === 'rc2' && encrypted.length > maxRc2) {
    throw new DerError(`it has more than ${maxRc2} bytes that are encrypted with RC2`);
  }
  const salt = saltOf(parameters.at(0));
  const iterations = count(parameters.at(1).integer);
  const bytes = (of: 1 | 2, length: number) =>
    derive({ password, digest: 'sha1', block: 64, purpose: of, salt, iterations, length }, rounds);
  const key = bytes(purpose.key, keyLength);
  const iv = bytes(purpose.iv, 8);
  return cipher === 'rc2' ? decryptRc2(key, keyLength * 8, iv, encrypted) : open(cipher, key, iv, encrypted);
}

function decryptPbes2(parameters: DerValue, encrypted: Buffer, password: string, rounds: Rounds): Buffer {
  const derivation = parameters.at(0);
  if (derivation.at(0).identifier !== pbkdf2) throw new DerError('its key derivation is not known');
  const [salt, iterations, ...rest] = derivation.at(1).children;
  if (!salt || !iterations) throw new DerError('a part is missing');
  // Between the two stands the key's length, if it does; the default of the function is HMAC with SHA-1.
  const prf = rest.find(({ children }) => children.length > 0)?.at(0).identifier ?? '1.2.840.113549.2.7';
  const digest = known(pseudoRandomFunctions, prf, 'key derivation');
  const encryption = parameters.at(1);
  const { cipher, keyLength } = known(pbes2Ciphers, encryption.at(0).identifier, 'encryption');
  const times = count(iterations.integer);
  // Native: a round takes half as long as one of ours.
  rounds.take((times * Math.ceil(keyLength / 20)) / 2);
  const key = pbkdf2Sync(password, saltOf(salt), times, keyLength, digest);
  return open(cipher, key, encryption.at(1).octets, encrypted);
}

function open(cipher: string, key: Buffer, iv: Buffer, encrypted: Buffer): Buffer {
  const decipher = createDecipheriv(cipher, key, iv);
  return Buffer.concat([decipher.update(encrypted), decipher.final()]);
}

interface Derivation {
  readonly password: string;
  readonly digest: string;
  readonly block: number;
  readonly purpose: 1 | 2 | 3;
  readonly salt: Buffer;
  readonly iterations: number;
  readonly length: number;
}

/** RFC 7292 appendix B.2. The password is UTF-16 with the high byte first, and ends with a zero character. */
function derive({ password, digest, block, purpose, salt, iterations, length }: Derivation, rounds: Rounds): Buffer {
  const diversifier = Buffer.alloc(block, purpose);
  const blocks = Buffer.concat([fill(salt, block), fill(Buffer.from(`${password}\0`, 'utf16le').swap16(), block)]);
  const derived: Buffer[] = [];
  for (let done = 0; done < length; ) {
    rounds.take(iterations);
    let a = createHash(digest).update(diversifier).update(blocks).digest();
    for (let i = 1; i < iterations; i++) a = hash(digest, a, 'buffer');
    derived.push(a);
    done += a.length;
    addToEach(blocks, fill(a, block).subarray(0, block));
  }
  return Buffer.concat(derived).subarray(0, length);
}

/** Repeated until it fills whole blocks. */
function fill(bytes: Buffer, block: number): Buffer {
  if (bytes.length === 0) return bytes;
  return Buffer.alloc(Math.ceil(bytes.length / block) * block, bytes);
}

/** Each block, read as a number, becomes itself + `summand` + 1. */
function addToEach(blocks: Buffer, summand: Buffer): void {
  for (let start = 0; start < blocks.length; start += summand.length) {
    let carry = 1;
    for (let i = summand.length - 1; i >= 0; i--) {
      const sum = (blocks[start + i] as number) + (summand[i] as number) + carry;
      blocks[start + i] = sum & 0xff;
      carry = sum >> 8;
    }
  }
}

function count(iterations: number): number {
  if (iterations < 1) throw new DerError('its number of iterations is not credible');
  return iterations;
}

function saltOf({ octets }: DerValue): Buffer {
  if (octets.length > maxSalt) throw new DerError(`a salt has more than ${maxSalt} bytes`);
  return octets;
}

function known<T>(all: Readonly<Record<string, T>>, identifier: string, what: string): T {
  const found = Object.hasOwn(all, identifier) ? all[identifier] : undefined;
  if (found === undefined) throw new DerError(`its ${what} (${identifier}) is not known`);
  return found;
}
