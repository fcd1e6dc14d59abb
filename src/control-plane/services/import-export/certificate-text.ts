/** Certificates in the files of a project: the base64 text of a PEM file without its frame, as the original has them. */
import { X509Certificate } from 'node:crypto';

export function certificateText(pem: string): string {
  return new X509Certificate(pem).raw.toString('base64');
}

/** PEM of what a project has: base64 of DER or of PEM, or PEM itself. Null when it is no certificate. */
export function certificatePem(text: string): string | null {
  const isPem = text.includes('-----BEGIN CERTIFICATE-----');
  const bytes = Buffer.from(text, isPem ? 'utf8' : 'base64');
  try {
    return new X509Certificate(bytes).toString();
  } catch {
    return null;
  }
}
