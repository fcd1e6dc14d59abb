/**
 * The certificates that our processes know each other by: those of an internal authority (authority.ts), a server
 * certificate and the client certificate of the gateway on this machine, made at first start in `DIR/certificates/`
 * (for its owner only).
 *
 * The latter are one PEM file each, certificate and key together, so that there is no moment in which one is new and
 * the other old. One that can't be used any more is made anew, if the key of the authority is here.
 */
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { existsSync, mkdirSync } from 'node:fs';
import { isIP } from 'node:net';
import { join } from 'node:path';
import {
  type Authority,
  authorityName,
  CertificatesError,
  openAuthority,
  organization,
  outdated,
  period,
  readPem,
} from './authority.ts';
import { type Clock, systemClock } from './clock.ts';
import { createFile, replaceFile } from './durable-file.ts';
import { type Log, silentLog } from './log.ts';
// A type only: the module is loaded when something has to be made, which is not so at most starts.
import type { CertificateRequest } from './x509.ts';

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
  /** Used for TLS servers as it is; no certificate is issued for them then. */
  readonly server?: CertificateAndKey | undefined;
  /**
   * Where the authority's key is not, the server's certificate is its own issuer: for the listeners of a gateway elsewhere.
   * It must not get one of the authority, with which it could pass for a control plane. Default false: an error.
   */
  readonly selfSigned?: boolean;
  readonly clock?: Clock;
  readonly log?: Log;
}

/** Organizational unit in the subject of a gateway's certificate: what tells an enrolled gateway from other clients. */
export const gatewayUnit = 'gateway';

const day = 86_400_000;
/** The most that common TLS clients accept. */
const validity = 825 * day;
/** A certificate with less than this left is made anew at the next start. */
const renewBefore = 90 * day;

/**
 * Reads the certificates in `dir`, and makes those that are missing. A server certificate without one of the hosts is
 * made anew. Several processes may do this at the same time.
 * @throws CertificatesError if the authority is unusable, one has to be issued without its key, or the folder can't be
 * written.
 */
export async function openCertificates(dir: string, options: CertificateOptions = {}): Promise<Certificates> {
  const { hosts = [], selfSigned = false, clock = systemClock, log = silentLog } = options;
  const now = clock.now();
  try {
    mkdirSync(dir, { recursive: true, mode: 0o700 });
    const authority = await openAuthority(dir, now);
    const names = [...new Set(['localhost', '127.0.0.1', '::1', ...hosts.map(bare).filter(isName)])];
    return {
      ca: authority.cert,
      server:
        options.server ??
        (await openIssued(dir, 'server.pem', authority, now, log, {
          subject: { organization, commonName: names[3] ?? 'localhost' },
          purpose: 'server',
          hosts: names,
          selfSigned: selfSigned && authority.key === null,
        })),
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

type Wanted = Pick<CertificateRequest, 'subject' | 'purpose' | 'hosts'> & { readonly selfSigned?: boolean };

async function openIssued(
  dir: string,
  fileName: string,
  authority: Authority,
  now: number,
  log: Log,
  wanted: Wanted,
): Promise<CertificateAndKey> {
  const file = join(dir, fileName);
  const missing = !existsSync(file);
  let problem = 'is missing';
  if (!missing) {
    const found = readPair(file);
    const problemWithin = (margin: number): string | null =>
      typeof found === 'string' ? found : unusable(found, authority, wanted, now, margin);
    // That of an enrolled gateway is renewed by its control plane, when it is time.
    const toRenew = problemWithin(wanted.purpose === 'client' && !authority.key ? 0 : renewBefore);
    if (!toRenew) return found as CertificateAndKey;
    if (!authority.key && !wanted.selfSigned && !problemWithin(0)) {
      log.warn({ file }, `certificate ${toRenew}; it can't be renewed here without the authority's ca.key`);
      return found as CertificateAndKey;
    }
    problem = toRenew;
  }
  if (!authority.key && !wanted.selfSigned) {
    throw new CertificatesError(
      `${file} ${problem}, and nothing can be issued without the authority's private key, ${join(dir, 'ca.key')}; bring a ${fileName} that the authority in ca.pem issued, or put its ca.key there for one start${wanted.purpose === 'client' ? '; a gateway elsewhere gets its certificate by "postern enrol"' : ''}`,
    );
  }
  if (!missing) log.warn({ file }, `certificate made anew: the one there ${problem}`);
  const { generateKey, issueCertificate } = await import('./x509.ts');
  const key = generateKey();
  const made: CertificateAndKey = {
    cert: await issueCertificate({
      subject: wanted.subject,
      purpose: wanted.purpose,
      ...(wanted.hosts && { hosts: wanted.hosts }),
      publicKey: key.publicKey,
      issuer: authority.key ? authorityName : wanted.subject,
      issuerKey: authority.key
        ? { privateKey: createPrivateKey(authority.key), publicKey: new X509Certificate(authority.cert).publicKey }
        : key,
      ...period(now, validity),
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
  const { cert, key } = readPem(file);
  if (!cert || !key) return 'is not a PEM certificate followed by its private key';
  try {
    if (!new X509Certificate(cert).checkPrivateKey(createPrivateKey(key))) return 'has a key of another certificate';
  } catch {
    return 'is damaged';
  }
  return { cert, key };
}

function unusable(
  pair: CertificateAndKey,
  authority: Authority,
  { hosts = [], selfSigned }: Wanted,
  now: number,
  margin: number,
): string | null {
  const certificate = new X509Certificate(pair.cert);
  const issuer = new X509Certificate(authority.cert);
  const isOwnIssuer = selfSigned === true && certificate.verify(certificate.publicKey);
  if (!isOwnIssuer && !(certificate.checkIssued(issuer) && certificate.verify(issuer.publicKey)))
    return 'was issued by another authority';
  const lacking = hosts.find((host) => !(isIP(host) ? certificate.checkIP(host) : certificate.checkHost(host)));
  if (lacking !== undefined) return `is not for ${lacking}`;
  return outdated(certificate, now, margin);
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
