/** The issuers whose JWTs are believed, with their keys ready to verify. */
import { createPublicKey, type KeyObject, verify } from 'node:crypto';
import type { Issuer, PublicJwk } from '../../core/token.ts';

/** Each allowed `alg` (RFC 7518 3.1, RFC 8037): asymmetric only, so that a public key can never serve as a secret. */
const algorithms: Readonly<Record<string, { digest: string | null; keyType: string; curve?: string }>> = {
  RS256: { digest: 'sha256', keyType: 'rsa' },
  RS384: { digest: 'sha384', keyType: 'rsa' },
  RS512: { digest: 'sha512', keyType: 'rsa' },
  ES256: { digest: 'sha256', keyType: 'ec', curve: 'prime256v1' },
  ES384: { digest: 'sha384', keyType: 'ec', curve: 'secp384r1' },
  EdDSA: { digest: null, keyType: 'ed25519' },
};

interface VerificationKey {
  readonly alg: string;
  readonly digest: string | null;
  readonly key: KeyObject;
}

export class TrustedIssuer {
  readonly issuer: string;
  readonly audience: string | null;
  readonly #keys = new Map<string, VerificationKey>();

  /** Keys of a kind that isn't allowed are left out: tokens signed with them are refused. */
  constructor({ issuer, audience, keys }: Issuer) {
    this.issuer = issuer;
    this.audience = audience;
    for (const jwk of keys) {
      const key = importKey(jwk);
      if (key) this.#keys.set(jwk.kid, key);
    }
  }

  hasKey(kid: string): boolean {
    return this.#keys.has(kid);
  }

  /** Whether `signature` over `input` was made with the key `kid`, whose own algorithm must be `alg`. */
  verify(kid: string, alg: string, input: Buffer, signature: Buffer): boolean {
    const known = this.#keys.get(kid);
    if (!known || known.alg !== alg) return false;
    return verify(known.digest, input, { key: known.key, dsaEncoding: 'ieee-p1363' }, signature);
  }
}

/** The trusted issuers by their exact `iss`. */
export type Issuers = Map<string, TrustedIssuer>;

function importKey(jwk: PublicJwk): VerificationKey | null {
  const algorithm = algorithms[jwk.alg];
  if (!algorithm) return null;
  const key = createPublicKey({ key: jwk as never, format: 'jwk' });
  const { modulusLength = 0, namedCurve } = key.asymmetricKeyDetails ?? {};
  if (key.asymmetricKeyType !== algorithm.keyType) return null;
  if (algorithm.keyType === 'rsa' && modulusLength < 2048) return null;
  if (algorithm.curve !== undefined && namedCurve !== algorithm.curve) return null;
  return { alg: jwk.alg, digest: algorithm.digest, key };
}
