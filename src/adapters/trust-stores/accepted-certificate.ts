import { X509Certificate } from 'node:crypto';
import type { AcceptedCertificate } from '../../core/api.ts';

/** What gateways know of a certificate (PEM) that lets callers in. */
export function acceptedCertificate(pem: string, tier: string): AcceptedCertificate {
  const certificate = new X509Certificate(pem);
  const fingerprint = certificate.fingerprint256.replaceAll(':', '').toLowerCase();
  return { fingerprint, tier, ...(certificate.ca && { authority: certificate.toString() }) };
}
