/** A file that is one certificate in DER, as browsers and Java tools export it. */

import { X509Certificate } from 'node:crypto';
import { type ReadOptions, type TrustStore, TrustStoreError, toPem } from './trust-store.ts';

/** @throws TrustStoreError */
export function readCertificate(bytes: Buffer, { fallbackAlias }: ReadOptions): TrustStore {
  try {
    return {
      certificates: [{ alias: fallbackAlias, pem: toPem('CERTIFICATE', new X509Certificate(bytes).raw) }],
      keys: [],
    };
  } catch {
    throw new TrustStoreError('it is neither a PKCS#12 file nor a certificate in DER');
  }
}
