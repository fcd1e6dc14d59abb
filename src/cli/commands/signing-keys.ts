/** `postern keys list|rotate|import|retire|revoke`: the keys that sign the tokens of an environment. */
import { readFileSync } from 'node:fs';
import { UsageError } from '../fail.ts';
import { askHidden } from '../prompt.ts';
import { withConnection } from '../remote/connection.ts';
import { type OutputFormat, print } from '../remote/output.ts';
import { note } from '../remote/progress.ts';

export interface KeyListOptions {
  readonly environment: string;
  readonly insecure?: boolean;
  readonly output: OutputFormat;
}

export interface NextKeyOptions extends KeyListOptions {
  readonly algorithm?: string;
  /** Seconds until it signs. */
  readonly after?: number;
}

export interface ImportKeyOptions extends NextKeyOptions {
  readonly passphraseFile?: string;
}

export type EndKeyOptions = KeyListOptions;

interface Key {
  readonly kid: string;
  readonly algorithm: string;
  readonly phase: string;
  readonly signsFrom: string;
  /** Absent = for ever. */
  readonly neededUntil?: string;
  readonly [field: string]: unknown;
}

const columns = [
  ['KEY', 'kid'],
  ['ALGORITHM', 'algorithm'],
  ['PHASE', 'phase'],
  ['SIGNS FROM', 'signsFrom'],
  ['SIGNS UNTIL', 'signsUntil'],
  ['NEEDED UNTIL', 'neededUntil'],
  ['ORIGIN', 'origin'],
] as const;

export function listKeys({ output, ...options }: KeyListOptions): Promise<void> {
  return withConnection(options.environment, options, async (connection) => {
    const { list } = await connection.get<{ list: readonly Key[] }>('admin', '/signing-keys');
    print([...list], columns, output);
  });
}

export function rotateKey(options: NextKeyOptions): Promise<void> {
  return make('/signing-keys', {}, options);
}

/** The private key leaves this machine for the control plane, and nobody gets it from there. */
export async function importKey(file: string, options: ImportKeyOptions): Promise<void> {
  const key = readText(file);
  if (!key.includes('-----BEGIN')) {
    const remedy = `openssl pkcs12 -in ${file} -nocerts -out key.pem`;
    throw new UsageError(`${file}: expected a private key in PEM; of PKCS#12 make one by "${remedy}"`);
  }
  await make('/signing-keys/import', { key, ...(await passphraseOf(key, options)) }, options);
}

export async function retireKey(kid: string, options: EndKeyOptions): Promise<void> {
  await end('retire', kid, options, ({ phase, neededUntil }) =>
    phase === 'WITHDRAWN'
      ? 'it never signed, and is withdrawn'
      : `it signs no more; what it signed stays good until it expires${neededUntil === undefined ? '' : `, at the latest ${neededUntil}`}`,
  );
}

export async function revokeKey(kid: string, options: EndKeyOptions): Promise<void> {
  await end(
    'revoke',
    kid,
    options,
    () => 'whatever it signed is refused from now on; refresh tokens and opaque tokens are not concerned',
  );
}

function make(path: string, given: Record<string, unknown>, options: NextKeyOptions): Promise<void> {
  const { algorithm, after, output } = options;
  const body = {
    ...given,
    ...(algorithm !== undefined && { algorithm }),
    ...(after !== undefined && { signsAfter: after }),
  };
  return withConnection(options.environment, options, async (connection) => {
    const key = await connection.post<Key>('admin', path, body);
    print([key], columns, output);
    note(`published, and signs from ${key.signsFrom}; "postern keys retire ${key.kid}" takes it back until then`);
  });
}

function end(
  action: 'retire' | 'revoke',
  kid: string,
  { output, ...options }: EndKeyOptions,
  tell: (key: Key) => string,
): Promise<void> {
  return withConnection(options.environment, options, async (connection) => {
    const key = await connection.post<Key>('admin', `/signing-keys/${encodeURIComponent(kid)}/${action}`);
    print([key], columns, output);
    note(tell(key));
  });
}

async function passphraseOf(key: string, { passphraseFile }: ImportKeyOptions): Promise<{ passphrase?: string }> {
  if (passphraseFile !== undefined) return { passphrase: readText(passphraseFile).replace(/\r?\n$/, '') };
  const isEncrypted = key.includes('-----BEGIN ENCRYPTED PRIVATE KEY-----') || /^Proc-Type:.*ENCRYPTED/m.test(key);
  return isEncrypted ? { passphrase: await askHidden('Passphrase: ', '--passphrase-file') } : {};
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'latin1');
  } catch (error) {
    throw new UsageError(`${file} can't be read: ${(error as Error).message}`);
  }
}
