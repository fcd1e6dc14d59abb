/** The formats of trust and key stores, each recognized by its first bytes, and how one is opened. */

import { readdirSync, statSync } from 'node:fs';
import { basename, extname, join } from 'node:path';
import { readBounded } from '../../platform/read-bounded.ts';
import {
  KeyPasswordError,
  limits,
  type NamedCertificate,
  type NamedKey,
  type ReadOptions,
  type ReadTrustStore,
  refuseMore,
  type TrustStore,
  TrustStoreError,
} from './trust-store.ts';

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

/** What opens a file. */
export type Passwords = Pick<ReadOptions, 'password' | 'keyPassword' | 'onlyKey'>;

/**
 * Opens a store: a file of any of the formats, or a folder of PEM and DER files (`.pem`, `.crt`, `.cer`, `.der`), whose
 * names without the ending are the aliases.
 * @throws TrustStoreError
 */
export async function openTrustStore(path: string, secret: string | Passwords): Promise<TrustStore> {
  const passwords = typeof secret === 'string' ? { password: secret } : secret;
  try {
    return statSync(path).isDirectory() ? await openFolder(path, passwords) : await openFile(path, passwords);
  } catch (error) {
    // Of a folder, the file is named already.
    if (error instanceof TrustStoreError && error.message.startsWith(path)) throw error;
    const { code, message } = error as NodeJS.ErrnoException;
    const said = `${path}: ${code === 'ENOENT' ? 'there is no such file' : message}`;
    throw error instanceof KeyPasswordError ? new KeyPasswordError(said) : new TrustStoreError(said);
  }
}

async function openFolder(folder: string, passwords: Passwords): Promise<TrustStore> {
  const files = readdirSync(folder).filter((name) => /\.(pem|crt|cer|der)$/i.test(name));
  refuseMore('files', files.length);
  const certificates: NamedCertificate[] = [];
  const keys: NamedKey[] = [];
  for (const name of files.sort()) {
    const store = await openTrustStore(join(folder, name), passwords);
    certificates.push(...store.certificates);
    keys.push(...store.keys);
    refuseMore('certificates', certificates.length);
    refuseMore('keys', keys.length);
  }
  return { certificates, keys };
}

async function openFile(file: string, passwords: Passwords): Promise<TrustStore> {
  const bytes = readBounded(file, { maxBytes: limits.bytes, anyKind: true });
  const format = Object.values<Format>(trustStoreFormats).find(({ isOf }) => isOf(bytes));
  if (!format) throw new TrustStoreError('expected PEM, PKCS#12, JKS or a certificate in DER');
  return (await format.load())(bytes, { ...passwords, fallbackAlias: basename(file, extname(file)) });
}
