/** Renews the certificate of an enrolled gateway before it expires: by itself, with the one that it has. */
import { X509Certificate } from 'node:crypto';
import type { CertificateAndKey } from '../../platform/certificates.ts';
import type { Clock } from '../../platform/clock.ts';
import { replaceFile } from '../../platform/durable-file.ts';
import type { Log } from '../../platform/log.ts';
import { renew } from './enrolment-client.ts';

export interface KeepCertificateOptions {
  /** `gateway.pem`. */
  readonly file: string;
  /** Certificate of the authority, PEM. */
  readonly ca: string;
  /** Control planes, in the order in which they are asked: `https://host:port`. */
  readonly origins: readonly string[];
  readonly clock: Clock;
  readonly log: Log;
}

const day = 86_400_000;
/** With less than this left it is renewed. */
const renewBefore = 30 * day;

/** The certificate, renewed if it is time and a control plane does it. */
export async function renewIfDue(
  current: CertificateAndKey,
  { file, ca, origins, clock, log }: KeepCertificateOptions,
): Promise<CertificateAndKey> {
  const expires = new X509Certificate(current.cert).validToDate;
  if (expires.getTime() - clock.now() >= renewBefore) return current;
  for (const origin of origins) {
    try {
      const next = await renew(origin, ca, current);
      replaceFile(file, next.cert + next.key);
      log.info({ file, expires: new X509Certificate(next.cert).validToDate }, 'the certificate was renewed');
      return next;
    } catch (error) {
      log.warn({ origin, expires, reason: (error as Error).message }, 'the certificate could not be renewed');
    }
  }
  return current;
}

/**
 * Looks once a day, and an hour after a failure.
 * @param renewed told of each new certificate
 * @returns the function that ends it
 */
export function keepCertificate(
  first: CertificateAndKey,
  options: KeepCertificateOptions,
  renewed: (certificate: CertificateAndKey) => void,
): () => void {
  const { clock } = options;
  let current = first;
  let timer: NodeJS.Timeout;
  const look = async (): Promise<void> => {
    const before = current;
    current = await renewIfDue(before, options);
    if (current !== before) renewed(current);
    later();
  };
  const later = (): void => {
    const left = new X509Certificate(current.cert).validToDate.getTime() - clock.now();
    timer = setTimeout(() => void look(), left < renewBefore ? day / 24 : day).unref();
  };
  later();
  return () => clearTimeout(timer);
}
