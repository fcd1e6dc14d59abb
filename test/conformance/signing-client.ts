/** A client with keys of its own, which signs what it sends. */
import { createHash, randomUUID } from 'node:crypto';
import { calculateJwkThumbprint, exportJWK, generateKeyPair, type JWTPayload, SignJWT } from 'jose';
import type { PublicJwk } from '../../src/core/token.ts';

export interface SigningKey {
  readonly alg: string;
  readonly privateKey: CryptoKey;
  readonly publicKey: CryptoKey;
  readonly jwk: PublicJwk;
}

export async function newKey(alg = 'ES256', kid = 'one'): Promise<SigningKey> {
  const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true });
  const jwk = { ...(await exportJWK(publicKey)), kid, alg, use: 'sig' } as PublicJwk;
  return { alg, privateKey, publicKey, jwk };
}

export const seconds = (): number => Math.floor(Date.now() / 1000);

/** The parameters by which a client authenticates itself (RFC 7523 section 2.2). Claims that are undefined are left out. */
export async function assertion(
  key: SigningKey,
  client: string,
  audience: string | readonly string[],
  claims: JWTPayload = {},
  header: Record<string, unknown> = {},
): Promise<Record<string, string>> {
  const all = {
    iss: client,
    sub: client,
    aud: audience as string,
    jti: randomUUID(),
    iat: seconds(),
    exp: seconds() + 60,
    ...claims,
  };
  const signed = new SignJWT(all).setProtectedHeader({ alg: key.alg, kid: key.jwk.kid, ...header });
  return {
    client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
    client_assertion: await signed.sign(key.privateKey),
  };
}

export interface ProofOptions {
  /** That the proof is for. */
  readonly accessToken?: string;
  readonly claims?: JWTPayload;
  readonly header?: Record<string, unknown>;
}

/** A DPoP proof (RFC 9449 section 4.2). Claims that are undefined are left out. */
export function dpopProof(key: SigningKey, method: string, url: string, options: ProofOptions = {}): Promise<string> {
  const { kty, crv, x, y, n, e } = key.jwk;
  const jwk = JSON.parse(JSON.stringify({ kty, crv, x, y, n, e }));
  const ath = options.accessToken && createHash('sha256').update(options.accessToken).digest('base64url');
  const claims = { jti: randomUUID(), htm: method, htu: url, iat: seconds(), ath, ...options.claims };
  const header = { typ: 'dpop+jwt', alg: key.alg, jwk, ...options.header };
  return new SignJWT(claims).setProtectedHeader(header).sign(key.privateKey);
}

export const thumbprintOf = (key: SigningKey): Promise<string> => calculateJwkThumbprint(key.jwk as object, 'sha256');
