/** The issuers whose JWTs are believed, with their keys ready to verify. */
import {
  constants,
  createHash,
  createPublicKey,
  type KeyObject,
  type VerifyKeyObjectInput,
  verify,
  X509Certificate,
} from 'node:crypto';
import type { Issuer, PublicJwk } from '../../core/token.ts';
import { verifySlowly } from './slow-signatures.ts';

interface Algorithm {
  readonly digest: string | null;
  readonly keyType: string;
  readonly curve?: string;
  readonly padding?: number;
}

/** Each allowed `alg` (RFC 7518 3.1, RFC 8037): asymmetric only, so that a public key can never serve as a secret. */
const algorithms: Readonly<Record<string, Algorithm>> = {
  RS256: { digest: 'sha256', keyType: 'rsa' },
  RS384: { digest: 'sha384', keyType: 'rsa' },
  RS512: { digest: 'sha512', keyType: 'rsa' },
  PS256: { digest: 'sha256', keyType: 'rsa', padding: constants.RSA_PKCS1_PSS_PADDING },
  PS384: { digest: 'sha384', keyType: 'rsa', padding: constants.RSA_PKCS1_PSS_PADDING },
  PS512: { digest: 'sha512', keyType: 'rsa', padding: constants.RSA_PKCS1_PSS_PADDING },
  ES256: { digest: 'sha256', keyType: 'ec', curve: 'prime256v1' },
  ES384: { digest: 'sha384', keyType: 'ec', curve: 'secp384r1' },
  ES512: { digest: 'sha512', keyType: 'ec', curve: 'secp521r1' },
  EdDSA: { digest: null, keyType: 'ed25519' },
  // The same by the name of RFC 9864.
  Ed25519: { digest: null, keyType: 'ed25519' },
};

/** Named keys that are tried for a token that names none: each costs a verification. */
const mostTried = 4;

interface VerificationKey {
  readonly key: KeyObject;
  /** The only algorithms that it may be used with. */
  readonly algs: readonly string[];
  /** A verification takes much longer than with RSA of 2048 bits. */
  readonly isSlow: boolean;
  /** What `x5t` or `x5t#S256` may call it. */
  readonly thumbprints: readonly string[];
}

/** What a JWT's header says about its signature. */
export interface SignatureHeader {
  readonly alg: string;
  readonly kid?: string | undefined;
  /** What kind of token it is. */
  readonly typ?: string | undefined;
  /** `x5t` and `x5t#S256`, whichever there are. */
  readonly thumbprints: readonly string[];
}

export class TrustedIssuer {
  /** As it was announced or configured. */
  readonly entity: Issuer;
  readonly #named = new Map<string, VerificationKey>();
  readonly #unnamed: VerificationKey[] = [];

  /**
   * Keys that can't be read, or of a kind that isn't allowed, are left out: tokens signed with them are refused.
   * @throws Error if a certificate can't be read
   */
  constructor(entity: Issuer) {
    this.entity = entity;
    for (const jwk of entity.keys) {
      const key = importJwk(jwk);
      if (key && jwk.kid) this.#named.set(jwk.kid, key);
      else if (key) this.#unnamed.push(key);
    }
    for (const certificate of entity.certificates ?? []) {
      const key = importCertificate(certificate);
      if (key) this.#unnamed.push(key);
    }
  }

  hasKey(kid: string): boolean {
    return this.#named.has(kid);
  }

  get hasKeys(): boolean {
    return this.#named.size > 0 || this.#unnamed.length > 0;
  }

  /**
   * Whether `signature` over `input` was made with the key that the header names or, if it names none that is known,
   * with one that it could mean. Null if it wasn't, but may have been made with a key that isn't known. A promise if it
   * takes so long that others would have to wait for it.
   */
  verify(header: SignatureHeader, input: Buffer, signature: Buffer): boolean | null | Promise<boolean | null> {
    // No key could ever have made it.
    if (!Object.hasOwn(algorithms, header.alg)) return false;
    const meant = this.#meantBy(header);
    const { digest, padding } = algorithms[header.alg] as Algorithm;
    const keys = meant ?? this.#possibleFor(header);
    const inputOf = ({ key }: VerificationKey): VerifyKeyObjectInput => ({
      key,
      dsaEncoding: 'ieee-p1363',
      ...(padding !== undefined && { padding, saltLength: constants.RSA_PSS_SALTLEN_DIGEST }),
    });
    const told = (good: boolean): boolean | null => (good || meant ? good : null);
    if (!keys.some(({ isSlow }) => isSlow)) {
      return told(keys.some((key) => verify(digest, input, inputOf(key), signature)));
    }
    const oneAfterTheOther = async (): Promise<boolean | null> => {
      for (const key of keys) if (await verifySlowly(digest, input, inputOf(key), signature)) return true;
      return told(false);
    };
    return oneAfterTheOther();
  }

  /** The known key that the header names, unless it is used with another `alg`; null if it names none. */
  #meantBy({ alg, kid, thumbprints }: SignatureHeader): readonly VerificationKey[] | null {
    const named = kid === undefined ? undefined : this.#named.get(kid);
    const meant = named
      ? [named]
      : this.#unnamed.filter((key) => key.thumbprints.some((one) => thumbprints.includes(one)));
    return meant.length === 0 ? null : meant.filter(({ algs }) => algs.includes(alg));
  }

  /** Those without a name; for a token that names none (`kid` is optional, RFC 7515 4.1.4) a few of the others, too. */
  #possibleFor({ alg, kid }: SignatureHeader): readonly VerificationKey[] {
    const fits = ({ algs }: VerificationKey): boolean => algs.includes(alg);
    const unnamed = this.#unnamed.filter(fits);
    return kid === undefined ? [...unnamed, ...[...this.#named.values()].filter(fits).slice(0, mostTried)] : unnamed;
  }
}

/** The trusted issuers by their exact `iss`. */
export type Issuers = Map<string, TrustedIssuer>;

/** Whether nothing else has changed than that there are further keys: all that was verified before still is. */
export function hasMoreKeys({ keys: before, ...rest }: Issuer, { keys: after, ...restAfter }: Issuer): boolean {
  if (JSON.stringify(rest) !== JSON.stringify(restAfter)) return false;
  const present = new Set(after.map((key) => JSON.stringify(key)));
  return before.every((key) => present.has(JSON.stringify(key)));
}

function importJwk(jwk: PublicJwk): VerificationKey | null {
  if (jwk.alg !== undefined && !Object.hasOwn(algorithms, jwk.alg)) return null;
  let key: KeyObject;
  try {
    key = createPublicKey({ key: jwk as never, format: 'jwk' });
  } catch {
    return null; // Which must not keep the issuer's other keys out.
  }
  const algs = algorithmsOf(key).filter((alg) => jwk.alg === undefined || alg === jwk.alg);
  return algs.length === 0 ? null : { key, algs, isSlow: isSlow(key), thumbprints: [] };
}

function importCertificate(pem: string): VerificationKey | null {
  const { publicKey, raw } = new X509Certificate(pem);
  const algs = algorithmsOf(publicKey);
  const sha1 = createHash('sha1').update(raw).digest();
  const thumbprints = [
    sha1.toString('base64url'),
    createHash('sha256').update(raw).digest('base64url'),
    // WSO2 encodes the hexadecimal digits, not the bytes.
    Buffer.from(sha1.toString('hex')).toString('base64url'),
  ];
  return algs.length === 0 ? null : { key: publicKey, algs, isSlow: isSlow(publicKey), thumbprints };
}

/** Of RSA keys it grows with the square of the length. */
function isSlow({ asymmetricKeyType, asymmetricKeyDetails }: KeyObject): boolean {
  return asymmetricKeyType !== 'rsa' || (asymmetricKeyDetails?.modulusLength ?? 0) > 3072;
}

function algorithmsOf(key: KeyObject): string[] {
  const { modulusLength = 0, namedCurve } = key.asymmetricKeyDetails ?? {};
  const suits = ({ keyType, curve }: Algorithm) =>
    key.asymmetricKeyType === keyType &&
    (keyType !== 'rsa' || modulusLength >= 2048) &&
    (curve === undefined || namedCurve === curve);
  return Object.keys(algorithms).filter((alg) => suits(algorithms[alg] as Algorithm));
}
