/**
 * JKS, the key stores of Java up to 8: the certificates of others, and private keys with their chains. A private key has
 * a password of its own; where none is given only the first certificate of its chain is read.
 */

import { createHash, timingSafeEqual } from 'node:crypto';
import { readJksKey } from './jks-key.ts';
import {
  isAlias,
  type NamedCertificate,
  type NamedKey,
  type ReadOptions,
  refuseMore,
  type TrustStore,
  TrustStoreError,
  toPem,
} from './trust-store.ts';

/** The file ends with SHA-1 over the password, these words and what comes before. */
const digestWords = 'Mighty Aphrodite';
const digestLength = 20;

/** @throws TrustStoreError */
export function readJks(bytes: Buffer, { password, keyPassword, onlyKey }: ReadOptions): TrustStore {
  if (bytes.length < 12 + digestLength) throw new TrustStoreError('it is cut off');
  const contents = bytes.subarray(0, -digestLength);
  const digest = createHash('sha1').update(utf16(password)).update(digestWords).update(contents).digest();
  if (!timingSafeEqual(digest, bytes.subarray(-digestLength))) {
    throw new TrustStoreError('the password is wrong, or the file is damaged');
  }
  try {
    const isRead = (alias: string) => keyPassword !== undefined && (onlyKey === undefined || isAlias(alias, onlyKey));
    return readEntries(new Reader(contents), isRead, utf16(keyPassword ?? ''));
  } catch (error) {
    if (error instanceof RangeError) throw new TrustStoreError('it is cut off');
    throw error;
  }
}

/** As Java feeds passwords to a digest. */
const utf16 = (password: string): Buffer => Buffer.from(password, 'utf16le').swap16();

function readEntries(reader: Reader, isRead: (alias: string) => boolean, keyPassword: Buffer): TrustStore {
  reader.skip(4);
  const version = reader.integer();
  if (version !== 1 && version !== 2) throw new TrustStoreError(`its version ${version} is not known`);
  const certificates: NamedCertificate[] = [];
  const keys: NamedKey[] = [];
  for (let left = reader.integer(); left > 0; left--) {
    const tag = reader.integer();
    const alias = reader.text();
    reader.skip(8); // When it was made.
    if (tag !== 1 && tag !== 2) throw new TrustStoreError(`an entry of the kind ${tag} is not known`);
    const encrypted = tag === 1 ? reader.bytes(reader.integer()) : null;
    const length = tag === 1 ? reader.integer() : 1;
    refuseMore('certificates', length);
    const chain: string[] = [];
    for (let i = 0; i < length; i++) {
      const type = version === 2 ? reader.text() : 'X.509';
      const der = reader.bytes(reader.integer());
      if (type === 'X.509') chain.push(toPem('CERTIFICATE', der));
    }
    if (chain[0] !== undefined) certificates.push({ alias, pem: chain[0] });
    if (encrypted && isRead(alias)) {
      keys.push({ alias, key: toPem('PRIVATE KEY', readJksKey(encrypted, keyPassword)), chain: chain.join('') });
    }
    refuseMore('certificates', certificates.length);
    refuseMore('keys', keys.length);
  }
  return { certificates, keys };
}

/** Reads as Java's DataInputStream does. @throws RangeError beyond the end */
class Reader {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  integer(): number {
    return this.bytes(4).readUInt32BE();
  }

  /** Java's own UTF-8, which for the characters of an alias is the usual one. */
  text(): string {
    return this.bytes(this.bytes(2).readUInt16BE()).toString('utf8');
  }

  skip(length: number): void {
    this.bytes(length);
  }

  bytes(length: number): Buffer {
    const end = this.#at + length;
    if (end > this.#bytes.length) throw new RangeError('beyond the end');
    const bytes = this.#bytes.subarray(this.#at, end);
    this.#at = end;
    return bytes;
  }
}
