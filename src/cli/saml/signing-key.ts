/** The private key that signs, from a store of any format or from a PEM file that has nothing but the key. */
import { createPrivateKey } from 'node:crypto';
import type { Signer } from '../../adapters/saml/write-assertion.ts';
import { limits } from '../../adapters/trust-stores/trust-store.ts';
import { readBounded } from '../../platform/read-bounded.ts';
import { UsageError } from '../fail.ts';
import { type KeyPlace, namedKey } from '../named-key.ts';

/** @throws TrustStoreError, UsageError */
export async function signingKey(place: KeyPlace): Promise<Signer> {
  const bare = bareKey(place.file, place.keyPassword || place.password);
  if (bare) return bare;
  const { key, chain } = await namedKey(place);
  const certificate = /-----BEGIN[\s\S]+?-----END CERTIFICATE-----/.exec(chain)?.[0];
  return { key: createPrivateKey(key), ...(certificate !== undefined && { certificate }) };
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
