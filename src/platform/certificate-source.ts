/**
 * The certificate of a listener while it runs: read again when its files change, so that nobody has to start anything anew
 * for it. What can't be used is refused, and the one before stays.
 */
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { createSecureContext } from 'node:tls';
import { outdated } from './authority.ts';
import type { CertificateAndKey } from './certificates.ts';
import type { Clock } from './clock.ts';
import type { Log } from './log.ts';
import { OperatorError } from './operator-error.ts';

/** Where a certificate comes from. */
export interface CertificateSource {
  readonly files: readonly string[];
  /** Reads it, or renews it if it is ours to renew and it is time. @throws Error that says what is wrong with it */
  readonly read: () => Promise<CertificateAndKey>;
}

export interface WatchOptions {
  readonly clock: Clock;
  readonly log: Log;
  /** Milliseconds between two looks at the files. Default 2000. */
  readonly interval?: number;
}

const day = 86_400_000;
/** Milliseconds until what could not be used is read again: what begins to be valid only soon changes no more. */
const again = 60_000;
/** With less than this left, a line a day warns. */
const warnBefore = 30 * day;

/**
 * PEM files: a certificate with those that lead from it to its authority, and its private key.
 * @throws OperatorError that names the file
 */
export function certificateFiles(certificate: string, key: string): CertificateSource {
  return {
    files: [certificate, key],
    read: async () => ({ cert: readText(certificate), key: readText(key) }),
  };
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'latin1');
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const reason =
      code === 'ENOENT' ? 'there is no such file' : code === 'EISDIR' ? 'is a folder; expected a file' : message;
    throw new OperatorError(`${file}: ${reason}`);
  }
}

/** Why a server can't shake hands by these; null = it can. The time of the certificate is not looked at. */
export function unusablePair({ cert, key }: CertificateAndKey): string | null {
  let certificate: X509Certificate;
  try {
    certificate = new X509Certificate(cert);
  } catch {
    return 'is no certificate in PEM';
  }
  try {
    if (!certificate.checkPrivateKey(createPrivateKey(key))) return 'has a private key of another certificate';
  } catch {
    return 'has no private key in PEM without a password';
  }
  try {
    createSecureContext({ cert, key });
    return null;
  } catch (error) {
    return `can't be used for TLS: ${(error as Error).message}`;
  }
}

/**
 * Looks at the files every few seconds, and reads them once a day besides, or each minute while they can't be used.
 * @param current what is in use now
 * @param changed gets each new one
 * @returns the function that ends it
 */
export function watchCertificate(
  { files, read }: CertificateSource,
  current: CertificateAndKey,
  { clock, log, interval = 2000 }: WatchOptions,
  changed: (certificate: CertificateAndKey) => void,
): () => void {
  let state = stateOf(files);
  let readAt = clock.now();
  let warnedAt = Number.NEGATIVE_INFINITY;
  let expires = expiryOf(current);
  let isReading = false;
  /** Why what is there now can't be used; null = it is used. */
  let refused: string | null = null;

  const readAgain = async (now: number, isOther: boolean): Promise<void> => {
    readAt = now;
    const before = isOther ? null : refused;
    refused = null;
    try {
      const next = await read();
      if (next.cert === current.cert && next.key === current.key) return;
      const problem = unusablePair(next) ?? outdated(new X509Certificate(next.cert), now, 0);
      if (problem !== null) throw new OperatorError(problem);
      current = next;
      expires = expiryOf(next);
      changed(next);
      log.info({ files, expires }, 'the certificate has changed: new handshakes have it');
    } catch (error) {
      const reason = (error as Error).message;
      refused = reason;
      if (reason === before) return;
      log.error({ files, reason }, 'the certificate can not be taken from its files; the one before stays in use');
    }
  };

  const look = async (): Promise<void> => {
    if (isReading) return;
    const now = clock.now();
    // Before the files are read: what changes meanwhile is seen at the next look.
    const seen = stateOf(files);
    const isOther = seen !== state;
    if (isOther || now - readAt >= (refused === null ? day : again)) {
      state = seen;
      isReading = true;
      await readAgain(now, isOther);
      isReading = false;
    }
    if (expires.getTime() - now >= warnBefore || now - warnedAt < day) return;
    warnedAt = now;
    log.warn({ files, expires }, expires.getTime() > now ? 'the certificate expires soon' : 'the certificate is over');
  };
  const timer = setInterval(() => void look(), interval).unref();
  return () => clearInterval(timer);
}

const expiryOf = ({ cert }: CertificateAndKey): Date => new X509Certificate(cert).validToDate;

/** Tells whether one of the files is another one, has been written, has other rights, or can't be looked at. */
function stateOf(files: readonly string[]): string {
  return files.map(stateOfOne).join();
}

function stateOfOne(file: string): string {
  try {
    const { dev, ino, size, mtimeNs, ctimeNs } = statSync(file, { bigint: true });
    // The last also changes when the file is only made readable.
    return `${dev}:${ino}:${size}:${mtimeNs}:${ctimeNs}`;
  } catch (error) {
    return String((error as NodeJS.ErrnoException).code);
  }
}
