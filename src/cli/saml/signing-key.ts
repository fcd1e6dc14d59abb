/** The private key that signs, from a store of any format or from a PEM file that has nothing but the key. */
import { createPrivateKey } from 'node:crypto';
import { openTrustStore } from '../../adapters/trust-stores/index.ts';
import { limits } from '../../adapters/trust-stores/trust-store.ts';
import { readBounded } from '../../platform/read-bounded.ts';
import { UsageError } from '../fail.ts';
import type { Signer } from './write-assertion.ts';

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
export async function signingKey({ file, password, keyPassword, alias }: KeyPlace): Promise<Signer> {
  const bare = bareKey(file, keyPassword || password);
  if (bare) return bare;
  const { keys } = await openTrustStore(file, { password, keyPassword });
  // Java tells no upper from lower case, and writes lower.
  const found = alias === undefined ? keys : keys.filter((key) => key.alias.toLowerCase() === alias.toLowerCase());
  const [key, ...others] = found;
  if (key && others.length === 0) {
    const certificate = /-----BEGIN[\s\S]+?-----END CERTIFICATE-----/.exec(key.chain)?.[0];
    return { key: createPrivateKey(key.key), ...(certificate !== undefined && { certificate }) };
  }
  const names = keys.map((one) => one.alias).join(', ') || 'none';
  throw new UsageError(`${file}: expected the alias of one private key in it; there are: ${names}`);
}

/** A PEM file without a certificate; null = it is something else. */
function bareKey(file: string, passphrase: string): Signer | null {
  let text: string;
  try {
    text = readBounded(file, { maxBytes: limits.bytes, anyKind: true }).toString('latin1');
  } catch {
    // Whoever opens it as a store says what is wrong.
    return null;
  }
  if (!/-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(text) || text.includes('CERTIFICATE-----')) return null;
  try {
    return { key: createPrivateKey({ key: text, passphrase }) };
  } catch {
    throw new UsageError(`${file}: the private key in it is damaged, or its password is wrong`);
  }
}
