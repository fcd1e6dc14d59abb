/** Environments: the control planes that commands can talk to, by name. */
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { nearest } from '../../platform/config/nearest.ts';
import { UsageError } from '../fail.ts';
import { listKept, readKept, removeKept, writeKept } from './home.ts';

export interface Environment {
  readonly name: string;
  /** Of the control plane: `https://localhost:9443`, without a slash at its end. */
  readonly url: string;
  /** Of the key manager's token endpoint. */
  readonly tokenUrl: string;
  /** Where clients are registered. */
  readonly registrationUrl: string;
  /** File with certificates (PEM) that are believed besides the system's. */
  readonly ca?: string;
  /** Milliseconds that one request may take. */
  readonly timeout: number;
}

/** What `env add` and `env set` are told; absent = the default, or as it was. */
export interface EnvironmentChange {
  readonly url?: string;
  readonly token?: string;
  readonly registration?: string;
  readonly ca?: string;
  readonly timeout?: number;
}

export const defaultTimeout = 60_000;

/** @throws UsageError when there is none of that name */
export function findEnvironment(name: string): Environment {
  const found = readKept<Environment>('environments', name);
  if (found) return { ...found, name };
  const names = listKept('environments');
  const meant = nearest(name, names);
  const hint =
    names.length === 0
      ? `add it with \`postern env add ${name} --url https://host:9443\``
      : meant
        ? `did you mean ${meant}?`
        : `there are ${names.join(', ')}`;
  throw new UsageError(`there is no environment ${name}; ${hint}`);
}

export function listEnvironments(): Environment[] {
  return listKept('environments').map(findEnvironment);
}

/** @throws UsageError when the name is taken or an address is none */
export function addEnvironment(name: string, change: EnvironmentChange & { readonly url: string }): Environment {
  if (readKept('environments', name)) {
    throw new UsageError(`the environment ${name} is there already; change it with \`postern env set ${name}\``);
  }
  return keep(environmentOf(name, change, null));
}

/** A session of another control plane would be sent to this one: it ends. */
export function changeEnvironment(name: string, change: EnvironmentChange): Environment {
  const before = findEnvironment(name);
  const after = environmentOf(name, change, before);
  if (after.url !== before.url || after.tokenUrl !== before.tokenUrl) removeKept('sessions', name);
  return keep(after);
}

export function removeEnvironment(name: string): void {
  findEnvironment(name);
  removeKept('sessions', name);
  removeKept('environments', name);
}

function keep(environment: Environment): Environment {
  const { name, ...rest } = environment;
  writeKept('environments', name, rest);
  return environment;
}

function environmentOf(name: string, change: EnvironmentChange, before: Environment | null): Environment {
  const url = change.url === undefined ? (before?.url as string) : address('--url', change.url);
  // Addresses that were derived from the old one follow it.
  const kept = (value: string | undefined, path: string): string | undefined =>
    value === undefined || value === `${before?.url}${path}` ? undefined : value;
  const other = (flag: string, given: string | undefined, old: string | undefined, path: string): string =>
    given !== undefined ? address(flag, given) : (kept(old, path) ?? `${url}${path}`);
  const ca = change.ca === undefined ? before?.ca : readableCa(change.ca);
  return {
    name,
    url,
    tokenUrl: other('--token', change.token, before?.tokenUrl, '/oauth2/token'),
    registrationUrl: other(
      '--registration',
      change.registration,
      before?.registrationUrl,
      '/client-registration/v0.17/register',
    ),
    ...(ca !== undefined && { ca }),
    timeout: change.timeout ?? before?.timeout ?? defaultTimeout,
  };
}

/** Passwords and tokens go there, so only over TLS; plain HTTP is for this machine. */
function address(flag: string, text: string): string {
  const url = URL.canParse(text) ? new URL(text) : null;
  const isLocal = url !== null && ['localhost', '127.0.0.1', '[::1]'].includes(url.hostname);
  if (url?.protocol === 'http:' && !isLocal) {
    throw new UsageError(
      `${flag}: expected https, as passwords and tokens go there; http is for this machine only (localhost), not ${url.host}`,
    );
  }
  if (!url || !/^https?:$/.test(url.protocol) || url.username || url.search || url.hash) {
    throw new UsageError(`${flag}: expected an address like https://host:9443, not ${JSON.stringify(text)}`);
  }
  return url.href.replace(/\/+$/, '');
}

function readableCa(file: string): string {
  const path = resolve(file);
  let text = '';
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    throw new UsageError(`--ca: ${path} can't be read (${(error as NodeJS.ErrnoException).code})`);
  }
  if (!text.includes('-----BEGIN CERTIFICATE-----')) {
    throw new UsageError(`--ca: ${path} holds no certificate in PEM form (-----BEGIN CERTIFICATE-----)`);
  }
  return path;
}
