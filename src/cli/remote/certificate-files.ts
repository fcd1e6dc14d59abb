/** Certificates that are sent to a control plane, from files of any format, and how those that it has are shown. */
import { X509Certificate } from 'node:crypto';
import { openTrustStore } from '../../adapters/trust-stores/index.ts';
import { isAlias } from '../../adapters/trust-stores/trust-store.ts';
import { UsageError } from '../fail.ts';
import { requireFile } from '../read-file.ts';

/** One of each file, as PEM. @throws TrustStoreError, UsageError */
export async function certificatesIn(files: readonly string[], password: string, alias?: string): Promise<string[]> {
  const found: string[] = [];
  for (const file of files) {
    requireFile(file);
    const { certificates } = await openTrustStore(file, password);
    const meant = certificates.filter((one) => alias === undefined || isAlias(one.alias, alias));
    const [one, ...others] = meant;
    if (!one || others.length > 0) {
      const names = certificates.map((each) => each.alias).join(', ') || 'none';
      throw new UsageError(
        `${file}: expected one certificate, or its alias by --certificate-alias; there are: ${names}`,
      );
    }
    found.push(one.pem);
  }
  return found;
}

export function describeCertificate(pem: string): Readonly<Record<string, unknown>> {
  const { subject, validTo, fingerprint256 } = new X509Certificate(pem);
  const named = (subject ?? '').split('\n').reverse().join(', ');
  return { subject: named, validTo: new Date(validTo).toISOString(), fingerprint: fingerprint256 };
}
