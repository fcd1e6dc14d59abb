/** PEM (RFC 7468): certificates and keys one after the other, with names in the lines before them. */

import { createPrivateKey, createPublicKey, type KeyObject, X509Certificate } from 'node:crypto';
import { type DerValue, readDer } from './der.ts';
import {
  type NamedCertificate,
  type NamedKey,
  type ReadOptions,
  refuseMore,
  type TrustStore,
  TrustStoreError,
} from './trust-store.ts';

/** Characters of a line that is looked at for an alias. */
const longestAlias = 1000;
/** What the encrypted private keys may ask of the processor together: rounds of hashing, or the cost of scrypt. */
const maxCost = 1_000_000;

interface Block {
  readonly label: string;
  /** With the lines that begin and end it. */
  readonly text: string;
  /** What stands before it, from the end of the last one on. */
  readonly before: string;
}

/**
 * The alias of a certificate stands in the line before it, as `# name`, or as `friendlyName: name` where openssl wrote
 * the file. A single one without is called like its file; of several, each `file-1`, `file-2` …
 * @throws TrustStoreError
 */
export function readPem(bytes: Buffer, { password, fallbackAlias }: ReadOptions): TrustStore {
  const blocks = blocksOf(bytes.toString('utf8'));
  const isCertificate = ({ label }: Block) => label === 'CERTIFICATE' || label === 'TRUSTED CERTIFICATE';
  const number = blocks.filter(isCertificate).length;
  const ofKeys = blocks.filter(({ label }) => label.endsWith('PRIVATE KEY'));
  refuseMore('certificates', number);
  refuseMore('keys', ofKeys.length);
  refuseCostly(ofKeys);
  if (number === 0) throw new TrustStoreError('there is no certificate in it');
  const certificates = blocks.filter(isCertificate).map(({ text, before }, at): NamedCertificate => {
    const alias = aliasIn(before) ?? (number === 1 ? fallbackAlias : `${fallbackAlias}-${at + 1}`);
    return { alias, pem: certificate(text) };
  });
  return {
    certificates,
    keys: withChains(
      ofKeys.map((block) => privateKey(block, password)),
      certificates,
      fallbackAlias,
    ),
  };
}

/** In one pass: a block ends with the next line that ends one, if that has the same label. */
function blocksOf(text: string): Block[] {
  const blocks: Block[] = [];
  let done = 0;
  let open: { readonly label: string; readonly at: number } | null = null;
  for (const { 0: line, 1: kind, 2: label = '', index } of text.matchAll(/-----(BEGIN|END) ([A-Z0-9 ]{1,64})-----/g)) {
    if (kind === 'BEGIN') {
      open = { label, at: index };
    } else if (open?.label === label) {
      const end = index + line.length;
      blocks.push({ label, text: text.slice(open.at, end), before: text.slice(done, open.at) });
      done = end;
      open = null;
    }
  }
  return blocks;
}

function aliasIn(before: string): string | undefined {
  const lines = before.trimEnd().split('\n');
  const named = lines.findLast((line) => line.includes('friendlyName:'))?.slice(0, longestAlias);
  const comment = /^#+ *(?:alias *[:=] *)?(.+)$/.exec(lines.at(-1)?.slice(0, longestAlias).trimEnd() ?? '')?.[1];
  return (comment ?? named?.slice(named.indexOf('friendlyName:') + 'friendlyName:'.length))?.trim() || undefined;
}

function certificate(block: string): string {
  try {
    return new X509Certificate(block).toString();
  } catch {
    throw new TrustStoreError('a certificate in it is damaged');
  }
}

function privateKey({ text }: Block, password: string): KeyObject {
  try {
    return createPrivateKey({ key: text, passphrase: password });
  } catch {
    throw new TrustStoreError('the private key in it is damaged, or the password is wrong');
  }
}

/** OpenSSL derives a key as often as it is told. @throws TrustStoreError */
function refuseCostly(blocks: readonly Block[]): void {
  const costs = blocks.filter(({ label }) => label === 'ENCRYPTED PRIVATE KEY').map(costOf);
  if (costs.reduce((sum, cost) => sum + cost, 0) <= maxCost) return;
  throw new TrustStoreError(`its private keys take more than ${maxCost} rounds of hashing`);
}

/** RFC 5958 section 3: the algorithm, of whose parameters the number of rounds is the largest, and the key. */
function costOf({ text }: Block): number {
  const largest = (value: DerValue): number =>
    value.tag === 0x02 ? value.integer : value.children.reduce((most, child) => Math.max(most, largest(child)), 0);
  try {
    return largest(readDer(Buffer.from(text.split('\n').slice(1, -1).join(''), 'base64')).at(0));
  } catch (error) {
    throw new TrustStoreError(`a private key in it is damaged: ${(error as Error).message}`);
  }
}

/** With each key the certificates as they stand, its own first; none where its own is not there. */
function withChains(
  keys: readonly KeyObject[],
  certificates: readonly NamedCertificate[],
  fallbackAlias: string,
): NamedKey[] {
  const publicKeys = keys.length === 0 ? [] : certificates.map(({ pem }) => new X509Certificate(pem).publicKey);
  return keys.map((key) => {
    const publicKey = createPublicKey(key);
    const at = publicKeys.findIndex((one) => one.equals(publicKey));
    const own = certificates[at];
    const chain = own ? [own, ...certificates.filter((one) => one !== own)] : [];
    return {
      alias: own?.alias ?? fallbackAlias,
      key: key.export({ type: 'pkcs8', format: 'pem' }) as string,
      chain: chain.map(({ pem }) => pem).join(''),
    };
  });
}
