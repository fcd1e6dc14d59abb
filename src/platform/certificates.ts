/**
 * The certificates that our processes know each other by: an internal authority, a server certificate and the client
 * certificate of the gateway on this machine, made at first start in `DIR/certificates/` (for its owner only).
 *
 * Each is one PEM file, certificate and key together, so that there is no moment in which one is new and the other
 * old. A server or client certificate that can't be used any more is made anew. The authority never is: certificates
 * that it issued live on other machines too, so only its owner can decide to begin again.
 */
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { join } from 'node:path';
import { type Clock, systemClock } from './clock.ts';
import { createFile, replaceFile } from './durable-file.ts';
import { type Log, silentLog } from './log.ts';
import { OperatorError } from './operator-error.ts';
// A type only: the module is loaded when something has to be made, which is not so at most starts.
import type { CertificateRequest, DistinguishedName } from './x509.ts';

/** PEM. */
export interface CertificateAndKey {
  readonly cert: string;
  readonly key: string;
}

export interface Certificates {
  /** Certificate of the authority that issued the other two, PEM. */
  readonly ca: string;
  /** For TLS servers of this machine. */
  readonly server: CertificateAndKey;
  /** For the gateway of this machine: what it shows to the control plane. */
  readonly gateway: CertificateAndKey;
}

export interface CertificateOptions {
  /** DNS names and IP addresses that clients use besides `localhost`, `127.0.0.1` and `::1`. Wildcard addresses don't count. */
  readonly hosts?: readonly string[];
  readonly clock?: Clock;
  readonly log?: Log;
}

/** The certificates can't be used; the message says why and what to do. */
export class CertificatesError extends OperatorError {
  override name = 'CertificatesError';
}

/** Organizational unit in the subject of a gateway's certificate: what tells an enrolled gateway from other clients. */
export const gatewayUnit = 'gateway';

const day = 86_400_000;
/** 20 years for the authority; 825 days, the most that common TLS clients accept, for what it issues. */
const validity = { authority: 7300 * day, issued: 825 * day };
/** A certificate with less than this left is made anew at the next start. */
const renewBefore = 90 * day;
const organization = 'Postern';
const authorityName: DistinguishedName = { organization, commonName: 'Postern internal authority' };

/**
 * Reads the certificates in `dir`, and makes those that are missing. A server certificate without one of the hosts is
 * made anew. Several processes may do this at the same time.
 * @throws CertificatesError if the authority is unusable or the folder can't be written.
 */
export async function openCertificates(dir: string, options: CertificateOptions = {}): Promise<Certificates> {
  const { hosts = [], clock = systemClock, log = silentLog } = options;
  const now = clock.now();
  try {
    mkdirSync(dir, { recursive: true, mode: 0o700 });
    const authority = await openAuthority(dir, now);
    const names = [...new Set(['localhost', '127.0.0.1', '::1', ...hosts.map(bare).filter(isName)])];
    return {
      ca: authority.cert,
      server: await openIssued(dir, 'server.pem', authority, now, log, {
        subject: { organization, commonName: names[3] ?? 'localhost' },
        purpose: 'server',
        hosts: names,
      }),
      gateway: await openIssued(dir, 'gateway.pem', authority, now, log, {
        subject: { organization, organizationalUnit: gatewayUnit, commonName: 'gateway' },
        purpose: 'client',
      }),
    };
  } catch (error) {
    if (error instanceof CertificatesError) throw error;
    throw new CertificatesError(`the certificates in ${dir} can't be opened: ${(error as Error).message}`, {
      cause: error,
    });
  }
}

async function openAuthority(dir: string, now: number): Promise<CertificateAndKey> {
  const file = join(dir, 'ca.pem');
  const orphan = ['server.pem', 'gateway.pem'].find((name) => existsSync(join(dir, name)));
  // Looked for after its dependants: another process that makes all three at this moment makes it first.
  if (!existsSync(file)) {
    if (orphan) {
      throw new CertificatesError(
        `${file} is missing, but ${orphan} was issued by it; restore it, or remove the folder to begin with a new authority (gateways on other machines then enrol again)`,
      );
    }
    const { generateKey, issueCertificate } = await import('./x509.ts');
    const key = generateKey();
    const cert = await issueCertificate({
      subject: authorityName,
      publicKey: key.publicKey,
      issuer: authorityName,
      issuerKey: key,
      purpose: 'authority',
      ...period(now, validity.authority),
    });
    createFile(file, cert + key.privateKey.export({ type: 'pkcs8', format: 'pem' }));
  }
  const authority = readPair(file);
  const problem = typeof authority === 'string' ? authority : outdated(new X509Certificate(authority.cert), now, 0);
  if (problem) {
    throw new CertificatesError(
      `${file} ${problem}; restore it, or remove the folder to begin with a new authority (gateways on other machines then enrol again)`,
    );
  }
  return authority as CertificateAndKey;
}

async function openIssued(
  dir: string,
  fileName: string,
  authority: CertificateAndKey,
  now: number,
  log: Log,
  wanted: Pick<CertificateRequest, 'subject' | 'purpose' | 'hosts'>,
): Promise<CertificateAndKey> {
  const file = join(dir, fileName);
  const missing = !existsSync(file);
  if (!missing) {
    const found = readPair(file);
    const problem = typeof found === 'string' ? found : unusable(found, authority, wanted.hosts ?? [], now);
    if (!problem) return found as CertificateAndKey;
    log.warn({ file }, `certificate made anew: the one there ${problem}`);
  }
  const { generateKey, issueCertificate } = await import('./x509.ts');
  const key = generateKey();
  const issuerKey = createPrivateKey(authority.key);
  const made: CertificateAndKey = {
    cert: await issueCertificate({
      ...wanted,
      publicKey: key.publicKey,
      issuer: authorityName,
      issuerKey: { privateKey: issuerKey, publicKey: new X509Certificate(authority.cert).publicKey },
      ...period(now, validity.issued),
    }),
    key: key.privateKey.export({ type: 'pkcs8', format: 'pem' }) as string,
  };
  if (missing) {
    // Another process that was quicker may have had other hosts: look again.
    if (!createFile(file, made.cert + made.key)) return openIssued(dir, fileName, authority, now, log, wanted);
  } else {
    replaceFile(file, made.cert + made.key);
  }
  return made;
}

/** The pair in a file, or what is wrong with it. */
function readPair(file: string): CertificateAndKey | string {
  const text = readFileSync(file, 'latin1');
  const cert = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----\n?/.exec(text)?.[0];
  const key = /-----BEGIN PRIVATE KEY-----[^-]+-----END PRIVATE KEY-----\n?/.exec(text)?.[0];
  if (!cert || !key) return 'is not a PEM certificate followed by its private key';
  try {
    if (!new X509Certificate(cert).checkPrivateKey(createPrivateKey(key))) return 'has a key of another certificate';
  } catch {
    return 'is damaged';
  }
  return { cert, key };
}

function unusable(pair: CertificateAndKey, authority: CertificateAndKey, hosts: readonly string[], now: number) {
  const certificate = new X509Certificate(pair.cert);
  const issuer = new X509Certificate(authority.cert);
  if (!certificate.checkIssued(issuer) || !certificate.verify(issuer.publicKey))
    return 'was issued by another authority';
  const lacking = hosts.find((host) => !(isIP(host) ? certificate.checkIP(host) : certificate.checkHost(host)));
  if (lacking !== undefined) return `is not for ${lacking}`;
  return outdated(certificate, now, renewBefore);
}

function outdated(certificate: X509Certificate, now: number, margin: number): string | null {
  if (certificate.validFromDate.getTime() > now) return `is valid only from ${certificate.validFromDate.toISOString()}`;
  if (certificate.validToDate.getTime() < now + margin) return `expires on ${certificate.validToDate.toISOString()}`;
  return null;
}

/** Begins a day earlier, for clients whose clock is behind. */
function period(now: number, length: number): { notBefore: Date; notAfter: Date } {
  return { notBefore: new Date(now - day), notAfter: new Date(now + length) };
}

/** A host as certificates name it: `[::1]` without brackets, names in lower case without a final dot. */
function bare(host: string): string {
  return host
    .replace(/^\[|\]$/g, '')
    .replace(/\.$/, '')
    .toLowerCase();
}

/** A server listens on `0.0.0.0` or `::`, but no client calls it so. */
function isName(host: string): boolean {
  return host !== '' && host !== '0.0.0.0' && host !== '::';
}
