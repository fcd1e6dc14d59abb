/** `postern keys list|rotate|import|retire|revoke`: the keys that sign the tokens of an environment. */
import { KeyPasswordError, TrustStoreError } from '../../adapters/trust-stores/trust-store.ts';
import { UsageError } from '../fail.ts';
import { namedKey } from '../named-key.ts';
import { askHidden } from '../prompt.ts';
import { readFile } from '../read-file.ts';
import { readPassword } from '../read-password.ts';
import { withConnection } from '../remote/connection.ts';
import { inOptions, optionOf } from '../remote/option-names.ts';
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
  /** Of a key in PEM. */
  readonly passphraseFile?: string;
  /** A key store: PKCS#12, JKS, or PEM with certificates. */
  readonly store?: string;
  readonly alias?: string;
  readonly passwordFile?: string;
  /** Where the key has a password of its own (JKS). */
  readonly keyPasswordFile?: string;
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
export async function importKey(file: string | undefined, options: ImportKeyOptions): Promise<void> {
  const { store } = options;
  if ((file === undefined) === (store === undefined)) throw new UsageError('expected a file in PEM, or --store FILE');
  const given = store === undefined ? await keyInPem(file as string, options) : await keyInStore(store, options);
  await make('/signing-keys/import', given, options);
}

async function keyInPem(file: string, options: ImportKeyOptions): Promise<GivenKey> {
  const wrong = (['alias', 'passwordFile', 'keyPasswordFile'] as const).find((name) => options[name] !== undefined);
  if (wrong) throw new UsageError(`${optionOf(wrong)} goes with --store only`);
  const key = readFile(file).toString('latin1');
  if (!key.includes('-----BEGIN')) {
    throw new UsageError(
      `${file}: expected a private key in PEM; one in PKCS#12 or JKS is imported by --store ${file}`,
    );
  }
  return { key, ...(await passphraseOf(key, options)) };
}

/** It leaves the store without its password, and this machine over TLS. */
async function keyInStore(file: string, options: ImportKeyOptions): Promise<GivenKey> {
  const { alias, passwordFile, keyPasswordFile, passphraseFile } = options;
  if (passphraseFile !== undefined) throw new UsageError('--passphrase-file is for PEM; of a store: --password-file');
  const password =
    passwordFile === undefined
      ? await askHidden('Password of the key store: ', '--password-file')
      : await readPassword(passwordFile, 'Password of the key store: ');
  const keyPassword =
    keyPasswordFile === undefined ? password : await readPassword(keyPasswordFile, 'Password of the key: ');
  const place = { file, password, keyPassword, ...(alias !== undefined && { alias }) };
  const { key } = await namedKey(place).catch((error) => {
    if (!(error instanceof KeyPasswordError)) throw error;
    const hint =
      keyPasswordFile === undefined
        ? 'one that is not that of the store is given by --key-password-file FILE'
        : 'it was given by --key-password-file';
    throw new TrustStoreError(`${error.message}; ${hint}`);
  });
  return { key };
}

interface GivenKey {
  /** PEM. */
  readonly key: string;
  readonly passphrase?: string;
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

function make(path: string, given: object, options: NextKeyOptions): Promise<void> {
  const { algorithm, after, output } = options;
  const body = {
    ...given,
    ...(algorithm !== undefined && { algorithm }),
    ...(after !== undefined && { signsAfter: after }),
  };
  return inOptions(
    optionNames,
    withConnection(options.environment, options, async (connection) => {
      const key = await connection.post<Key>('admin', path, body);
      print([key], columns, output);
      note(`published, and signs from ${key.signsFrom}; "postern keys retire ${key.kid}" takes it back until then`);
    }),
  );
}

const optionNames = { algorithm: '--algorithm', signsAfter: '--after', passphrase: '--passphrase-file' };

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
  if (passphraseFile !== undefined) return { passphrase: await readPassword(passphraseFile, 'Passphrase: ') };
  const isEncrypted = key.includes('-----BEGIN ENCRYPTED PRIVATE KEY-----') || /^Proc-Type:.*ENCRYPTED/m.test(key);
  return isEncrypted ? { passphrase: await askHidden('Passphrase: ', '--passphrase-file') } : {};
}
