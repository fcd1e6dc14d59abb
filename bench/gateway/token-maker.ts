/** Makes access tokens as the key manager would, of an issuer of the benchmark's own: RS256, as most gateways see them. */
import { createPublicKey, generateKeyPairSync, randomUUID, sign } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { promisify } from 'node:util';
import type { EntityChange } from '../../src/core/snapshot.ts';
import { gatewayAudience, type PublicJwk } from '../../src/core/token.ts';

export const issuer = 'https://bench.example/oauth2/token';
/** What the resources want. */
export const scope = 'menu_read';

export interface TokenMaker {
  readonly publicKeyPem: string;
  /** The issuer, as gateways learn of it. */
  readonly entity: EntityChange;
  /** Good for a day. */
  make(consumerKey: string): Promise<string>;
  /** A file with as many different ones, a line each. */
  write(file: string, count: number, consumerKey: string): Promise<string>;
}

export function newTokenMaker(): TokenMaker {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const publicKey = createPublicKey(privateKey);
  const jwk = { ...publicKey.export({ format: 'jwk' }), alg: 'RS256', kid: 'bench' } as PublicJwk;
  const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  const header = encode({ typ: 'JWT', alg: 'RS256', kid: jwk.kid });
  // With a callback it runs on the threads of libuv, so on all processors.
  const signature = promisify<string, Buffer, typeof privateKey, Buffer>(sign);

  const make = async (consumerKey: string): Promise<string> => {
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
    const input = `${header}.${encode(claims)}`;
    return `${input}.${(await signature('sha256', Buffer.from(input), privateKey)).toString('base64url')}`;
  };
  return {
    publicKeyPem: publicKey.export({ type: 'spki', format: 'pem' }) as string,
    entity: { kind: 'issuer', id: issuer, value: { issuer, keys: [jwk], audience: gatewayAudience } },
    make,
    async write(file, count, consumerKey) {
      const tokens: string[] = [];
      while (tokens.length < count) {
        const batch = Math.min(500, count - tokens.length);
        tokens.push(...(await Promise.all(Array.from({ length: batch }, () => make(consumerKey)))));
      }
      writeFileSync(file, `${tokens.join('\n')}\n`, { mode: 0o600 });
      return file;
    },
  };
}
