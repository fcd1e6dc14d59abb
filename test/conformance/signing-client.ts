/** A client with keys of its own, which signs what it sends. */
import { randomUUID } from 'node:crypto';
import { exportJWK, generateKeyPair, type JWTPayload, SignJWT } from 'jose';
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
