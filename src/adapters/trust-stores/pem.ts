/** PEM (RFC 7468): certificates and keys one after the other, with names in the lines before them. */

import { createPrivateKey, createPublicKey, type KeyObject, X509Certificate } from 'node:crypto';
import {
  type NamedCertificate,
  type NamedKey,
  type ReadOptions,
  type TrustStore,
  TrustStoreError,
} from './trust-store.ts';

/**
 * The alias of a certificate stands in the line before it, as `# name`, or as `friendlyName: name` where openssl wrote
 * the file. A single one without is called like its file; of several, each `file-1`, `file-2` …
 * @throws TrustStoreError
 */
export function readPem(bytes: Buffer, { password, fallbackAlias }: ReadOptions): TrustStore {
  const found = [
    ...bytes.toString('utf8').matchAll(/([\s\S]*?)(-----BEGIN ([A-Z0-9 ]+)-----[\s\S]+?-----END \3-----)/g),
  ];
  const isCertificate = (label: string | undefined) => label === 'CERTIFICATE' || label === 'TRUSTED CERTIFICATE';
  const isOnly = found.filter(([, , , label]) => isCertificate(label)).length === 1;
  const certificates: NamedCertificate[] = [];
  const keys: KeyObject[] = [];
  for (const [, before = '', block = '', label = ''] of found) {
    if (isCertificate(label)) {
      const alias = aliasIn(before) ?? (isOnly ? fallbackAlias : `${fallbackAlias}-${certificates.length + 1}`);
      certificates.push({ alias, pem: certificate(block) });
    } else if (label.endsWith('PRIVATE KEY')) {
      keys.push(privateKey(block, password));
    }
  }
  if (certificates.length === 0) throw new TrustStoreError('there is no certificate in it');
  return { certificates, keys: keys.map((key) => withChain(key, certificates, fallbackAlias)) };
}

function aliasIn(before: string): string | undefined {
  const openssl = /friendlyName: *(.+)/g;
  const named = [...before.matchAll(openssl)].at(-1)?.[1];
  const comment = /^#+ *(?:alias *[:=] *)?(.+?)\s*$/.exec(before.trimEnd().split('\n').at(-1) ?? '')?.[1];
  return (comment ?? named)?.trim();
}

function certificate(block: string): string {
  try {
    return new X509Certificate(block).toString();
  } catch {
    throw new TrustStoreError('a certificate in it is damaged');
  }
}

function privateKey(block: string, password: string): KeyObject {
  try {
    return createPrivateKey({ key: block, passphrase: password });
  } catch {
    throw new TrustStoreError('the private key in it is damaged, or the password is wrong');
  }
}

/** The certificates as they stand, from the key's own on. */
function withChain(key: KeyObject, certificates: readonly NamedCertificate[], fallbackAlias: string): NamedKey {
  const publicKey = createPublicKey(key);
  const own = certificates.findIndex(({ pem }) => new X509Certificate(pem).publicKey.equals(publicKey));
  const chain = own < 0 ? [] : [certificates[own], ...certificates.filter((_, i) => i !== own)];
  return {
    alias: certificates[own]?.alias ?? fallbackAlias,
    key: key.export({ type: 'pkcs8', format: 'pem' }) as string,
    chain: chain.map((one) => one?.pem ?? '').join(''),
  };
}
