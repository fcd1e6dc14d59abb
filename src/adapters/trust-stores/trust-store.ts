/** A file with certificates, and perhaps private keys, under names. */
import { OperatorError } from '../../platform/operator-error.ts';

/** One certificate. Several may have one alias: all of them are trusted under it. */
export interface NamedCertificate {
  /** In lower case where the format doesn't tell cases apart. */
  readonly alias: string;
  /** PEM. */
  readonly pem: string;
}

/** A private key with the certificates of its public key and of whoever issued that. */
export interface NamedKey {
  readonly alias: string;
  /** PKCS#8, PEM. */
  readonly key: string;
  /** PEM, its own certificate first; the one after it issued it. */
  readonly chain: string;
}

export interface TrustStore {
  readonly certificates: readonly NamedCertificate[];
  readonly keys: readonly NamedKey[];
}

/** Reads a format. @throws TrustStoreError */
export type ReadTrustStore = (bytes: Buffer, options: ReadOptions) => TrustStore;

export interface ReadOptions {
  /** Empty = none. */
  readonly password: string;
  /** Of private keys, in formats where they have one each (JKS). Absent: such keys are not read. */
  readonly keyPassword?: string;
  /** Alias of the one private key that is read, where each has a password of its own. Absent: all are. */
  readonly onlyKey?: string;
  /** The alias of a certificate that has none in the file. */
  readonly fallbackAlias: string;
}

/** Java tells no upper from lower case, and writes lower. */
export const isAlias = (alias: string, asked: string): boolean => alias.toLowerCase() === asked.toLowerCase();

/** A trust or key store can't be used; the message says why, and holds no secret. */
export class TrustStoreError extends OperatorError {
  override name = 'TrustStoreError';
}

/** The store is open, and a key with a password of its own in it is not. */
export class KeyPasswordError extends TrustStoreError {
  override name = 'KeyPasswordError';
}

/** How much is read: enough for every store that is one, and little enough to be read at once. */
export const limits = {
  /** Of a file. */
  bytes: 4 << 20,
  /** Of a folder. */
  files: 1000,
  certificates: 5000,
  keys: 100,
} as const;

/** @throws TrustStoreError */
export function refuseMore(what: 'files' | 'certificates' | 'keys', number: number): void {
  if (number > limits[what]) throw new TrustStoreError(`it has more than ${limits[what]} ${what}`);
}

export function toPem(label: 'CERTIFICATE' | 'PRIVATE KEY', der: Buffer): string {
  const lines = der.toString('base64').replace(/(.{64})(?=.)/g, '$1\n');
  return `-----BEGIN ${label}-----\n${lines}\n-----END ${label}-----\n`;
}
