/**
 * The authority that issues the certificates which our processes know each other by: `ca.pem` is its certificate, which
 * anybody may have, and `ca.key` its private key, which need only be where certificates are issued.
 *
 * It is never made anew while something depends on it: certificates that it issued live on other machines too, so only
 * its owner can decide to begin again.
 */
import { createPrivateKey, createPublicKey, X509Certificate } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createFile, replaceFile } from './durable-file.ts';
import { OperatorError } from './operator-error.ts';
import type { DistinguishedName } from './x509.ts';

/** PEM. */
export interface Authority {
  readonly cert: string;
  /** null = not on this machine: what was issued works, and nothing can be issued. */
  readonly key: string | null;
}

/** The certificates can't be used; the message says why and what to do. */
export class CertificatesError extends OperatorError {
  override name = 'CertificatesError';
}

export const organization = 'Postern';
export const authorityName: DistinguishedName = { organization, commonName: 'Postern internal authority' };

const day = 86_400_000;
/** 20 years. */
const validity = 7300 * day;
const remedy =
  'restore it, or remove the folder to begin with a new authority (gateways on other machines then enrol again)';

/**
 * Reads the authority in `dir`, or makes one if nothing there depends on it.
 * @throws CertificatesError if it is gone or unusable.
 */
export async function openAuthority(dir: string, now: number): Promise<Authority> {
  const file = join(dir, 'ca.pem');
  const keyFile = join(dir, 'ca.key');
  const orphan = ['server.pem', 'gateway.pem'].find((name) => existsSync(join(dir, name)));
  // Looked for after its dependants: another process that makes all of them at this moment makes it first.
  if (!existsSync(file)) {
    if (orphan) throw new CertificatesError(`${file} is missing, but ${orphan} was issued by it; ${remedy}`);
    await make(file, keyFile, now);
  }
  const { cert, key: inside } = readPem(file);
  const problem = cert === undefined ? 'is not a PEM certificate' : unusable(cert, now);
  if (cert === undefined || problem) throw new CertificatesError(`${file} ${problem}; ${remedy}`);
  // Early versions wrote both into ca.pem. Its key is safe in a file of its own before the one there is given up, so a
  // crash in between leaves the same authority.
  if (inside !== undefined) {
    if (!isKeyOf(cert, inside)) throw new CertificatesError(`${file} has a key of another certificate; ${remedy}`);
    createFile(keyFile, inside);
  }
  const key = existsSync(keyFile) ? (readPem(keyFile).key ?? '') : null;
  if (key !== null && !isKeyOf(cert, key)) {
    throw new CertificatesError(
      `${keyFile} is not the private key (PEM) of the certificate in ca.pem; restore it, or remove it where nothing has to be issued`,
    );
  }
  if (inside !== undefined) replaceFile(file, cert);
  return { cert, key };
}

/** The key first: of several processes that do this at once, and after a crash, all certify the one that is there. */
async function make(file: string, keyFile: string, now: number): Promise<void> {
  const { generateKey, issueCertificate } = await import('./x509.ts');
  createFile(keyFile, generateKey().privateKey.export({ type: 'pkcs8', format: 'pem' }) as string);
  const pem = readPem(keyFile).key;
  if (pem === undefined) throw new CertificatesError(`${keyFile} is not a private key (PEM); ${remedy}`);
  const key = { privateKey: createPrivateKey(pem), publicKey: createPublicKey(pem) };
  const cert = await issueCertificate({
    subject: authorityName,
    publicKey: key.publicKey,
    issuer: authorityName,
    issuerKey: key,
    purpose: 'authority',
    ...period(now, validity),
  });
  createFile(file, cert);
}

/** The first certificate and the first private key in a PEM file. */
export function readPem(file: string): { readonly cert: string | undefined; readonly key: string | undefined } {
  const text = readFileSync(file, 'latin1');
  return {
    cert: /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----\n?/.exec(text)?.[0],
    key: /-----BEGIN PRIVATE KEY-----[^-]+-----END PRIVATE KEY-----\n?/.exec(text)?.[0],
  };
}

function unusable(cert: string, now: number): string | null {
  try {
    return outdated(new X509Certificate(cert), now, 0);
  } catch {
    return 'is damaged';
  }
}

function isKeyOf(cert: string, key: string): boolean {
  try {
    return new X509Certificate(cert).checkPrivateKey(createPrivateKey(key));
  } catch {
    return false;
  }
}

/** What is wrong with a certificate's time. @param margin milliseconds that it has to be valid yet */
export function outdated(certificate: X509Certificate, now: number, margin: number): string | null {
  if (certificate.validFromDate.getTime() > now) return `is valid only from ${certificate.validFromDate.toISOString()}`;
  if (certificate.validToDate.getTime() < now + margin) return `expires on ${certificate.validToDate.toISOString()}`;
  return null;
}

/** Begins a day earlier, for clients whose clock is behind. */
export function period(now: number, length: number): { notBefore: Date; notAfter: Date } {
  return { notBefore: new Date(now - day), notAfter: new Date(now + length) };
}

/** When a certificate with such a period was issued, milliseconds since the epoch. */
export function issuedAt(notBefore: Date): number {
  return notBefore.getTime() + day;
}
