/** The algorithms of XML signatures that are taken (RFC 9231). None has a shared secret: a public key would be one. */
import { constants, createHash, type KeyObject, type SigningOptions, sign, verify } from 'node:crypto';
import type { HashAlgorithm, SignatureAlgorithm } from 'xml-crypto';

export const xmlSignature = 'http://www.w3.org/2000/09/xmldsig#';
const more = 'http://www.w3.org/2001/04/xmldsig-more#';
const more2007 = 'http://www.w3.org/2007/05/xmldsig-more#';
const xmlenc = 'http://www.w3.org/2001/04/xmlenc#';

export const exclusiveCanonicalization = 'http://www.w3.org/2001/10/xml-exc-c14n#';
export const envelopedSignature = `${xmlSignature}enveloped-signature`;

interface Algorithm {
  readonly hash: string;
  readonly keyType: 'rsa' | 'ec';
  readonly options?: SigningOptions;
}

const pss: SigningOptions = {
  padding: constants.RSA_PKCS1_PSS_PADDING,
  saltLength: constants.RSA_PSS_SALTLEN_DIGEST,
};
const plain: SigningOptions = { dsaEncoding: 'ieee-p1363' };

const strong: Readonly<Record<string, Algorithm>> = Object.fromEntries(
  ['sha256', 'sha384', 'sha512'].flatMap((hash): [string, Algorithm][] => [
    [`${more}rsa-${hash}`, { hash, keyType: 'rsa' }],
    [`${more2007}${hash}-rsa-MGF1`, { hash, keyType: 'rsa', options: pss }],
    [`${more}ecdsa-${hash}`, { hash, keyType: 'ec', options: plain }],
  ]),
);

const digests: Readonly<Record<string, string>> = {
  [`${xmlenc}sha256`]: 'sha256',
  [`${more}sha384`]: 'sha384',
  [`${xmlenc}sha512`]: 'sha512',
};

export const defaultDigest = `${xmlenc}sha256`;

/** What such a key signs by, unless something else is asked for. */
export const defaultAlgorithm = (key: KeyObject): string =>
  key.asymmetricKeyType === 'ec' ? `${more}ecdsa-sha256` : `${more}rsa-sha256`;

/** In the form in which xml-crypto wants them: what is not in these tables it refuses. */
export interface Algorithms {
  readonly signatures: Record<string, new () => SignatureAlgorithm>;
  readonly digests: Record<string, new () => HashAlgorithm>;
}

/** @param allowSha1 whether RSA and digests with SHA-1 are among them */
export function algorithms({ allowSha1 }: { allowSha1: boolean }): Algorithms {
  const signatures = allowSha1
    ? { ...strong, [`${xmlSignature}rsa-sha1`]: { hash: 'sha1', keyType: 'rsa' } as const }
    : strong;
  const hashes = allowSha1 ? { ...digests, [`${xmlSignature}sha1`]: 'sha1' } : digests;
  return {
    signatures: Object.fromEntries(Object.entries(signatures).map(([name, one]) => [name, signatureClass(name, one)])),
    digests: Object.fromEntries(Object.entries(hashes).map(([name, hash]) => [name, digestClass(name, hash)])),
  };
}

function signatureClass(name: string, { hash, keyType, options }: Algorithm): new () => SignatureAlgorithm {
  const fits = (key: unknown): key is KeyObject => (key as KeyObject).asymmetricKeyType === keyType;
  return class {
    getSignature = (info: string | Buffer, key: unknown): string => {
      if (!fits(key)) throw new Error(`${name} is not for a key of this kind`);
      return sign(hash, Buffer.from(info), { key, ...options }).toString('base64');
    };
    verifySignature = (info: string, key: unknown, value: string): boolean =>
      fits(key) && verify(hash, Buffer.from(info), { key, ...options }, Buffer.from(value, 'base64'));
    getAlgorithmName = () => name;
  } as unknown as new () => SignatureAlgorithm;
}

function digestClass(name: string, hash: string): new () => HashAlgorithm {
  return class {
    getHash = (xml: string): string => createHash(hash).update(xml, 'utf8').digest('base64');
    getAlgorithmName = () => name;
  } as unknown as new () => HashAlgorithm;
}
