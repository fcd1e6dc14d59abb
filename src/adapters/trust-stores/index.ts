/** The formats of trust and key stores, each recognized by its first bytes, and how one is opened. */

import { readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, extname, join } from 'node:path';
import { type ReadTrustStore, type TrustStore, TrustStoreError } from './trust-store.ts';

interface Format {
  readonly isOf: (bytes: Buffer) => boolean;
  readonly load: () => Promise<ReadTrustStore>;
}

export const trustStoreFormats = {
  jks: {
    isOf: (bytes) => bytes.length > 4 && bytes.readUInt32BE() === 0xfeedfeed,
    load: async () => (await import('./jks.ts')).readJks,
  },
  pem: {
    isOf: (bytes) => bytes.includes('-----BEGIN '),
    load: async () => (await import('./pem.ts')).readPem,
  },
  // A PFX begins with its version, 3, a certificate with a sequence.
  pkcs12: {
    isOf: (bytes) => bytes[0] === 0x30 && bytes.subarray(0, 12).includes(Buffer.from([0x02, 0x01, 0x03])),
    load: async () => (await import('./pkcs12.ts')).readPkcs12,
  },
  certificate: {
    isOf: (bytes) => bytes[0] === 0x30,
    load: async () => (await import('./certificate.ts')).readCertificate,
  },
} satisfies Record<string, Format>;

/** Bytes of a store at most. */
const maxSize = 16 * 1024 * 1024;

/**
 * Opens a store: a file of any of the formats, or a folder of PEM and DER files (`.pem`, `.crt`, `.cer`, `.der`), whose
 * names without the ending are the aliases.
 * @throws TrustStoreError
 */
export async function openTrustStore(path: string, password: string): Promise<TrustStore> {
  try {
    if (!statSync(path).isDirectory()) return await openFile(path, password);
    const files = readdirSync(path).filter((name) => /\.(pem|crt|cer|der)$/i.test(name));
    const stores = await Promise.all(files.sort().map((name) => openFile(join(path, name), password)));
    return {
      certificates: stores.flatMap(({ certificates }) => certificates),
      keys: stores.flatMap(({ keys }) => keys),
    };
  } catch (error) {
    if (error instanceof TrustStoreError) throw error;
    const { code, message } = error as NodeJS.ErrnoException;
    throw new TrustStoreError(`${path}: ${code === 'ENOENT' ? 'there is no such file' : message}`);
  }
}

async function openFile(file: string, password: string): Promise<TrustStore> {
  const { size } = statSync(file);
  if (size > maxSize) throw new TrustStoreError(`${file}: it is larger than ${maxSize} bytes`);
  const bytes = readFileSync(file);
  const format = Object.values<Format>(trustStoreFormats).find(({ isOf }) => isOf(bytes));
  if (!format) throw new TrustStoreError(`${file}: expected PEM, PKCS#12, JKS or a certificate in DER`);
  const read = await format.load();
  try {
    return read(bytes, { password, fallbackAlias: basename(file, extname(file)) });
  } catch (error) {
    throw error instanceof TrustStoreError ? new TrustStoreError(`${file}: ${error.message}`) : error;
  }
}
