/** Signs tokens as an issuer of the test's own. */
import { createPublicKey, generateKeyPairSync, type KeyObject, randomUUID, sign } from 'node:crypto';
import type { PublicJwk } from '../../src/core/token.ts';

export interface Signer {
  readonly jwk: PublicJwk;
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
  /** With `sub`, `iat`, `exp` and `jti`, unless the claims have others; undefined leaves one out. */
  sign(claims: Record<string, unknown>, header?: Record<string, unknown>): string;
}

export function newSigner(kid = 'one'): Signer {
  return signerWith(generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey, kid);
}

/** @param privateKey on the curve P-256 */
export function signerWith(privateKey: KeyObject, kid = 'one'): Signer {
  const keys = { privateKey, publicKey: createPublicKey(privateKey) };
  const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  return {
    jwk: { ...keys.publicKey.export({ format: 'jwk' }), kty: 'EC', alg: 'ES256', kid } as PublicJwk,
    ...keys,
    sign(claims, header = {}) {
      const now = Math.floor(Date.now() / 1000);
      const payload = { sub: 'alice', iat: now, exp: now + 600, jti: randomUUID(), ...claims };
      const input = `${encode({ alg: 'ES256', kid, ...header })}.${encode(payload)}`;
      const signature = sign('sha256', Buffer.from(input), { key: keys.privateKey, dsaEncoding: 'ieee-p1363' });
      return `${input}.${signature.toString('base64url')}`;
    },
  };
}
