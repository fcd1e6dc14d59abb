/** An X.509 certificate that somebody uploaded. */
import { X509Certificate } from 'node:crypto';
import { RestError } from '../../../platform/rest-error.ts';

export interface CertificateFacts {
  readonly expired: boolean;
  /** ISO 8601. */
  readonly from: string;
  readonly to: string;
  /** `V3`. */
  readonly version: string;
  /** `CN=…, O=…`. */
  readonly subject: string;
}

/**
 * Reads PEM (the first certificate of it) or DER.
 * @param now milliseconds since the epoch
 * @returns PEM
 * @throws RestError 400 when it is none, or is over
 */
export function readCertificate(bytes: Buffer | undefined, now: number): string {
  let certificate: X509Certificate;
  try {
    certificate = new X509Certificate(bytes ?? Buffer.alloc(0));
  } catch {
    throw new RestError(400, 'certificate: expected an X.509 certificate, as PEM or DER.');
  }
  if (Date.parse(certificate.validTo) < now) {
    throw new RestError(400, `certificate: it was valid until ${new Date(certificate.validTo).toISOString()}.`);
  }
  return certificate.toString();
}

export function certificateFacts(pem: string, now: number): CertificateFacts {
  const certificate = new X509Certificate(pem);
  const { validFrom, validTo, subject, raw } = certificate;
  return {
    expired: Date.parse(validTo) < now,
    from: new Date(validFrom).toISOString(),
    to: new Date(validTo).toISOString(),
    version: `V${versionOf(raw)}`,
    subject: (subject ?? '').split('\n').reverse().join(', '),
  };
}

/** @throws RestError 400 */
export function checkAlias(alias: string): string {
  if (/^[\w.-]{1,100}$/.test(alias)) return alias;
  throw new RestError(400, 'alias: expected 1 to 100 letters, digits and characters of . _ -');
}

/**
 * RFC 5280 section 4.1: a sequence whose first member is a sequence, which begins with the version (context tag 0) unless
 * that is 1. Node reads certificates and doesn't tell.
 */
function versionOf(der: Buffer): number {
  const inner = contentAt(der, contentAt(der, 0));
  return der[inner] === 0xa0 ? (der[inner + 4] ?? 0) + 1 : 1;
}

/** Where the content of the element at `at` begins. */
function contentAt(der: Buffer, at: number): number {
  const length = der[at + 1] ?? 0;
  return at + 2 + (length < 0x80 ? 0 : length & 0x7f);
}
