/** `postern enrol`: makes this machine's gateway known to a control plane, with a code that an administrator gave. */
import { existsSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join, resolve } from 'node:path';
import { parseEnrolmentCode } from '../../core/enrolment-code.ts';
import { isGatewayName } from '../../core/gateway-name.ts';
import { readPem } from '../../platform/authority.ts';
import type { CertificateAndKey } from '../../platform/certificates.ts';
import { replaceFile, syncFolder } from '../../platform/durable-file.ts';
import { isLocked } from '../../platform/process-lock.ts';
import { openDataFolder } from '../data-folder.ts';
import { enrol as askForCertificate, fetchAuthority, nameOf } from '../enrolment/enrolment-client.ts';
import { UsageError } from '../fail.ts';
import { note } from '../remote/progress.ts';

export interface EnrolArguments {
  readonly code: string;
  /** `https://host:port` of the control plane. */
  readonly serverUrl: string;
  readonly data: string;
  /** Default: the machine's. The invitation may have one, which counts. */
  readonly name?: string;
  /** Takes the place of certificates of another authority, or of those of a control plane. */
  readonly force?: boolean;
}

export async function enrol({
  code: text,
  serverUrl,
  data: folder,
  name,
  force = false,
}: EnrolArguments): Promise<void> {
  const code = parseEnrolmentCode(text);
  if (!code)
    throw new UsageError('the code is not one of "postern gateways invite": pgw_, 22 characters, a dot, and 43');
  const origin = readOrigin(serverUrl);
  const data = resolve(folder);
  const certificates = join(data, 'certificates');
  // Before the code is used up.
  openDataFolder(data);
  const ca = await fetchAuthority(origin, code.authority);
  const same =
    existsSync(join(certificates, 'ca.pem')) && readPem(join(certificates, 'ca.pem')).cert?.trim() === ca.trim();
  const problem = problemOf(data, same);
  if (problem !== null && !force) {
    throw new UsageError(`${problem}; --force replaces them, or choose another folder with --data`);
  }
  const wanted = name ?? defaultName();
  const pair = await askForCertificate({ origin, ca, code: code.secret, name: wanted });
  if (same) replaceFile(join(certificates, 'gateway.pem'), pair.cert + pair.key);
  else placeFolder(certificates, ca, pair);
  process.stdout.write(
    `enrolled as ${nameOf(pair)}\nNext: postern gateway --data ${data} --controlPlane.url=${origin} --keyManager.serverUrl=${origin}\n`,
  );
  if (isLocked(join(data, 'gateway.lock'))) {
    note('a gateway runs with this folder, and shows the certificate from before until it is started again');
  }
}

/** Why the certificates that are there should stay; null = there is no reason. */
function problemOf(data: string, isSameAuthority: boolean): string | null {
  const certificates = join(data, 'certificates');
  const isOfControlPlane =
    existsSync(join(data, 'keys', 'store.key')) || (isSameAuthority && existsSync(join(certificates, 'ca.key')));
  if (isOfControlPlane) {
    return `${certificates} has those of a control plane, whose own gateway is known without a code`;
  }
  return existsSync(certificates) && !isSameAuthority ? `${certificates} has certificates of another authority` : null;
}

function readOrigin(text: string): string {
  const url = URL.parse(text);
  if (url?.protocol === 'https:' && url.pathname === '/' && !url.search && !url.username) return url.origin;
  throw new UsageError(`--server-url: expected https://host:port of a control plane`);
}

function defaultName(): string {
  const name = hostname().slice(0, 64);
  return isGatewayName(name) ? name : 'gateway-1';
}

/** All of it or nothing: what is there goes when the new folder is whole. */
function placeFolder(folder: string, ca: string, pair: CertificateAndKey): void {
  const draft = mkdtempSync(`${folder}.`);
  const old = `${draft}.old`;
  try {
    for (const [name, content] of [
      ['ca.pem', ca],
      ['gateway.pem', pair.cert + pair.key],
    ] as const) {
      writeFileSync(join(draft, name), content, { mode: 0o600, flag: 'wx', flush: true });
    }
    syncFolder(draft);
    if (existsSync(folder)) renameSync(folder, old);
    renameSync(draft, folder);
    syncFolder(join(folder, '..'));
    rmSync(old, { recursive: true, force: true });
  } finally {
    rmSync(draft, { recursive: true, force: true });
  }
}
