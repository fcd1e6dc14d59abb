/** PKCS#12 (RFC 7292): `.p12` and `.pfx`, as openssl, keytool and Windows write them. */

import { createPrivateKey, createPublicKey, X509Certificate } from 'node:crypto';
import { DerError, type DerValue, readDer } from './der.ts';
import { decrypt, Rounds, verifyMac } from './pkcs12-encryption.ts';
import {
  type NamedCertificate,
  type NamedKey,
  type ReadOptions,
  refuseMore,
  type TrustStore,
  TrustStoreError,
  toPem,
} from './trust-store.ts';

const data = '1.2.840.113549.1.7.1';
const encryptedData = '1.2.840.113549.1.7.6';
const bag = '1.2.840.113549.1.12.10.1';
const x509Certificate = '1.2.840.113549.1.9.22.1';
const friendlyName = '1.2.840.113549.1.9.20';

/** Certificates of a key's chain at most. */
const maxChain = 20;

interface Contents {
  readonly certificates: { readonly alias: string | null; readonly der: Buffer }[];
  readonly keys: { readonly alias: string | null; readonly der: Buffer }[];
}

type Decrypt = (algorithm: DerValue, encrypted: Buffer) => Buffer;

/** @throws TrustStoreError */
export function readPkcs12(bytes: Buffer, { password, fallbackAlias }: ReadOptions): TrustStore {
  try {
    const file = readDer(bytes);
    const safe = file.at(1);
    if (safe.at(0).identifier !== data) throw new DerError('it is protected by a public key, not by a password');
    const whole = safe.at(1).at(0).octets;
    const mac = file.children[2];
    const rounds = new Rounds();
    if (mac && !verifyMac(mac, whole, password, rounds)) throw new TrustStoreError('the password is wrong');
    const contents: Contents = { certificates: [], keys: [] };
    const decrypted: Decrypt = (algorithm, encrypted) => decrypt(algorithm, encrypted, password, rounds);
    for (const part of readDer(whole).children) readBags(readDer(bytesOf(part, decrypted)), decrypted, contents);
    return withAliases(contents, fallbackAlias);
  } catch (error) {
    if (error instanceof TrustStoreError) throw error;
    throw new TrustStoreError(`it can't be read as PKCS#12: ${(error as Error).message}`);
  }
}

function bytesOf(part: DerValue, decrypted: Decrypt): Buffer {
  const type = part.at(0).identifier;
  if (type === data) return part.at(1).at(0).octets;
  if (type !== encryptedData) throw new DerError('a part of it is protected by a public key, not by a password');
  const encrypted = part.at(1).at(0).at(1);
  return decrypted(encrypted.at(1), encrypted.at(2).octets);
}

function readBags(bags: DerValue, decrypted: Decrypt, contents: Contents): void {
  for (const one of bags.children) {
    const value = one.at(1).at(0);
    const alias = nameOf(one.children[2]);
    switch (one.at(0).identifier) {
      case `${bag}.1`:
        contents.keys.push({ alias, der: one.at(1).content });
        break;
      case `${bag}.2`:
        contents.keys.push({ alias, der: decrypted(value.at(0), value.at(1).octets) });
        break;
      case `${bag}.3`:
        if (value.at(0).identifier === x509Certificate) {
          contents.certificates.push({ alias, der: value.at(1).at(0).octets });
        }
        break;
      case `${bag}.6`:
        readBags(value, decrypted, contents);
        break;
    }
    refuseMore('certificates', contents.certificates.length);
    refuseMore('keys', contents.keys.length);
  }
}

/** The friendlyName attribute, a BMPString: UTF-16 with the high byte first. */
function nameOf(attributes: DerValue | undefined): string | null {
  const attribute = attributes?.children.find((one) => one.at(0).identifier === friendlyName);
  if (!attribute) return null;
  const { content } = attribute.at(1).at(0);
  return new TextDecoder('utf-16be').decode(content);
}

function withAliases({ certificates, keys }: Contents, fallbackAlias: string): TrustStore {
  const parsed = certificates.map(({ alias, der }) => ({ alias, certificate: new X509Certificate(der) }));
  const all = parsed.map(({ certificate }) => certificate);
  // Once for all keys: it takes longer than reading the certificate.
  const publicKeys = keys.length === 0 ? [] : all.map(({ publicKey }) => publicKey);
  return {
    certificates: parsed.map(
      ({ alias, certificate }): NamedCertificate => ({ alias: alias ?? fallbackAlias, pem: pemOf(certificate) }),
    ),
    keys: keys.map(({ alias, der }): NamedKey => {
      const key = toPem('PRIVATE KEY', der);
      const publicKey = createPublicKey(createPrivateKey(key));
      const own = parsed[publicKeys.findIndex((one) => one.equals(publicKey))];
      const chain = own ? issuersFrom(own.certificate, all) : [];
      return { alias: alias ?? own?.alias ?? fallbackAlias, key, chain: chain.map(pemOf).join('') };
    }),
  };
}

/** A certificate and those that issued it, as far as they are there. */
function issuersFrom(first: X509Certificate, all: readonly X509Certificate[]): X509Certificate[] {
  const chain = [first];
  for (let last = first; ; ) {
    const issuer = all.find((one) => !chain.includes(one) && last.checkIssued(one));
    if (!issuer || chain.length === maxChain) return chain;
    chain.push(issuer);
    last = issuer;
  }
}

function pemOf(certificate: X509Certificate): string {
  return toPem('CERTIFICATE', certificate.raw);
}
