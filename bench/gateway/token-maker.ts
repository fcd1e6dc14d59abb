/** Makes access tokens as the key manager would, of an issuer of the benchmark's own: RS256, as most gateways see them. */
import {
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  randomUUID,
  type SignKeyObjectInput,
  sign,
} from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { promisify } from 'node:util';
import type { EntityChange } from '../../src/core/snapshot.ts';
import { gatewayAudience, type PublicJwk } from '../../src/core/token.ts';

export const issuer = 'https://bench.example/oauth2/token';
/** What the resources want. */
export const scope = 'menu_read';

export type Alg = 'RS256' | 'ES256' | 'EdDSA';

export interface TokenMaker {
  readonly publicKeyPem: string;
  /** The issuer, as gateways learn of it. */
  readonly entity: EntityChange;
  /** Good for a day. */
  make(consumerKey: string): Promise<string>;
  /** A file with as many different ones, a line each. */
  write(file: string, count: number, consumerKey: string, alg?: Alg): Promise<string>;
}

export function newTokenMaker(): TokenMaker {
  const keys: Readonly<Record<Alg, KeyObject>> = {
    RS256: generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey,
    ES256: generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey,
    EdDSA: generateKeyPairSync('ed25519').privateKey,
  };
  const algs = Object.keys(keys) as Alg[];
  const jwks = algs.map(
    (alg) => ({ ...createPublicKey(keys[alg]).export({ format: 'jwk' }), alg, kid: alg }) as PublicJwk,
  );
  const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  // With a callback it runs on the threads of libuv, so on all processors.
  const signature = promisify<string | null, Buffer, SignKeyObjectInput, Buffer>(sign);

  const make = async (consumerKey: string, alg: Alg = 'RS256'): Promise<string> => {
    const now = Math.floor(Date.now() / 1000) - 1;
    const claims = {
      sub: 'admin@carbon.super',
      aud: gatewayAudience,
      iss: issuer,
      consumerKey,
      keytype: 'PRODUCTION',
      scope,
      iat: now,
      nbf: now,
      exp: now + 86_400,
      jti: randomUUID(),
    };
    const input = `${encode({ typ: 'JWT', alg, kid: alg })}.${encode(claims)}`;
    const key = { key: keys[alg], dsaEncoding: 'ieee-p1363' } as const;
    const signed = await signature(alg === 'EdDSA' ? null : 'sha256', Buffer.from(input), key);
    return `${input}.${signed.toString('base64url')}`;
  };
  return {
    publicKeyPem: createPublicKey(keys.RS256).export({ type: 'spki', format: 'pem' }) as string,
    entity: { kind: 'issuer', id: issuer, value: { issuer, keys: jwks, audience: gatewayAudience } },
    make,
    async write(file, count, consumerKey, alg) {
      const tokens: string[] = [];
      while (tokens.length < count) {
        const batch = Math.min(500, count - tokens.length);
        tokens.push(...(await Promise.all(Array.from({ length: batch }, () => make(consumerKey, alg)))));
      }
      writeFileSync(file, `${tokens.join('\n')}\n`, { mode: 0o600 });
      return file;
    },
  };
}
