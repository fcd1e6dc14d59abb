/** One private key of a key store, by its alias. */
import { openTrustStore } from '../adapters/trust-stores/index.ts';
import { isAlias, type NamedKey } from '../adapters/trust-stores/trust-store.ts';
import { UsageError } from './fail.ts';
import { requireFile } from './read-file.ts';

export interface KeyPlace {
  readonly file: string;
  /** Of the store; empty = none. */
  readonly password: string;
  /** Of the key, where it has its own (JKS). */
  readonly keyPassword: string;
  /** Absent: there is one key only. */
  readonly alias?: string;
}

/** @throws TrustStoreError, UsageError */
export async function namedKey({ file, password, keyPassword, alias }: KeyPlace): Promise<NamedKey> {
  requireFile(file);
  const only = alias === undefined ? {} : { onlyKey: alias };
  const { keys, certificates } = await openTrustStore(file, { password, keyPassword, ...only });
  const same = alias === undefined ? keys : keys.filter((key) => isAlias(key.alias, alias));
  const exact = same.filter((key) => key.alias === alias);
  const [key, ...others] = exact.length > 0 ? exact : same;
  if (key && others.length === 0) return key;
  if (alias !== undefined && certificates.some((one) => isAlias(one.alias, alias))) {
    throw new UsageError(`${file}: what has the alias ${alias} is a certificate, not a private key`);
  }
  const names = [...new Set([...keys, ...certificates].map((one) => one.alias))].sort().join(', ') || 'none';
  throw new UsageError(`${file}: expected the alias of one private key in it; there are: ${names}`);
}
