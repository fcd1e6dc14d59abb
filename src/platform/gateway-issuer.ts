/** Issues certificates to gateways elsewhere: good for showing to a control plane, for a year, and for nothing else. */
import { createHash, createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import { authorityName, openAuthority, organization, period } from './authority.ts';
import { gatewayUnit } from './certificates.ts';
import type { Clock } from './clock.ts';

export interface IssuedCertificate {
  /** PEM. */
  readonly cert: string;
  /** SHA-256, hexadecimal, with colons. */
  readonly fingerprint: string;
  /** Hexadecimal. */
  readonly serial: string;
  /** Seconds since the epoch. */
  readonly issuedAt: number;
  readonly expiresAt: number;
}

export interface GatewayIssuer {
  /** Certificate of the authority, PEM. */
  readonly authority: string;
  /** Null where the authority's private key is not. */
  readonly issue: ((name: string, publicKey: KeyObject) => Promise<IssuedCertificate>) | null;
}

const year = 365 * 86_400_000;

/** @param dir with the authority, `DIR/certificates` @throws CertificatesError */
export async function openGatewayIssuer(dir: string, clock: Clock): Promise<GatewayIssuer> {
  const { cert: authority, key } = await openAuthority(dir, clock.now());
  if (key === null) return { authority, issue: null };
  return {
    authority,
    async issue(commonName, publicKey) {
      const { issueCertificate } = await import('./x509.ts');
      const now = clock.now();
      const cert = await issueCertificate({
        subject: { organization, organizationalUnit: gatewayUnit, commonName },
        purpose: 'client',
        publicKey,
        issuer: authorityName,
        issuerKey: { privateKey: createPrivateKey(key), publicKey: new X509Certificate(authority).publicKey },
        ...period(now, year),
      });
      const { fingerprint256, serialNumber, validToDate } = new X509Certificate(cert);
      return {
        cert,
        fingerprint: fingerprint256,
        serial: serialNumber,
        issuedAt: Math.floor(now / 1000),
        expiresAt: Math.floor(validToDate.getTime() / 1000),
      };
    },
  };
}

/** By which an authority is known before it is believed: SHA-256 of its certificate (DER), base64url. @throws when it is none */
export function authorityFingerprint(pem: string): string {
  return createHash('sha256').update(new X509Certificate(pem).raw).digest('base64url');
}
