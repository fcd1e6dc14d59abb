/**
 * JKS, the key stores of Java up to 8. Only the certificates are read: of trusted ones, and the first of a private
 * key's chain. The keys themselves stay where they are (`keytool -importkeystore -deststoretype PKCS12` converts them).
 */

import { createHash, timingSafeEqual } from 'node:crypto';
import {
  type NamedCertificate,
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
export function readJks(bytes: Buffer, { password }: ReadOptions): TrustStore {
  if (bytes.length < 12 + digestLength) throw new TrustStoreError('it is cut off');
  const contents = bytes.subarray(0, -digestLength);
  const secret = Buffer.from(password, 'utf16le').swap16();
  const digest = createHash('sha1').update(secret).update(digestWords).update(contents).digest();
  if (!timingSafeEqual(digest, bytes.subarray(-digestLength))) {
    throw new TrustStoreError('the password is wrong, or the file is damaged');
  }
  try {
    return { certificates: readEntries(new Reader(contents)), keys: [] };
  } catch (error) {
    if (error instanceof RangeError) throw new TrustStoreError('it is cut off');
    throw error;
  }
}

function readEntries(reader: Reader): NamedCertificate[] {
  reader.skip(4);
  const version = reader.integer();
  if (version !== 1 && version !== 2) throw new TrustStoreError(`its version ${version} is not known`);
  const certificates: NamedCertificate[] = [];
  for (let left = reader.integer(); left > 0; left--) {
    const tag = reader.integer();
    const alias = reader.text();
    reader.skip(8); // When it was made.
    if (tag === 1)
      reader.skip(reader.integer()); // The encrypted key.
    else if (tag !== 2) throw new TrustStoreError(`an entry of the kind ${tag} is not known`);
    const chain = tag === 1 ? reader.integer() : 1;
    for (let i = 0; i < chain; i++) {
      const type = version === 2 ? reader.text() : 'X.509';
      const der = reader.bytes(reader.integer());
      if (i === 0 && type === 'X.509') certificates.push({ alias, pem: toPem('CERTIFICATE', der) });
      refuseMore('certificates', certificates.length);
    }
  }
  return certificates;
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
