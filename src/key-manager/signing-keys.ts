/** The keys that sign JWTs: made at first start, kept sealed in the store, published for gateways. */
import {
  calculateJwkThumbprint,
  compactVerify,
  errors,
  exportJWK,
  generateKeyPair,
  importJWK,
  type JWK,
  type JWTPayload,
} from 'jose';
import { createSigningKey, listSigningKeys, putIssuer, type SigningKeyRow } from '../adapters/stores/signing-keys.ts';
import type { Store } from '../adapters/stores/store.ts';
import { apiKeyAudience, gatewayAudience, type PublicJwk } from '../core/token.ts';
import type { Clock } from '../platform/clock.ts';
import type { Seal } from '../platform/seal.ts';
import { apiKeyIssuer } from './api-key.ts';
import { type IssuerOptions, seconds } from './call.ts';
import { jwsSigner } from './jws.ts';

export interface SigningKeys {
  /** Every public key, the one that signs first. Keys of another algorithm stay, for the tokens that they signed. */
  readonly published: readonly PublicJwk[];
  /** @param type `typ` of the header; default `JWT` */
  sign(claims: JWTPayload, type?: string): Promise<string>;
  /**
   * The claims, if one of the keys signed this JWT and it is written in the one canonical way; else null. A key that is
   * not known may be another node's new one: then the store is asked.
   */
  verify(jwt: string): Promise<JWTPayload | null>;
}

type Algorithm = IssuerOptions['signingAlgorithm'];

const purpose = 'signing-key';
const algorithms: Algorithm[] = ['RS256', 'ES256', 'EdDSA'];

/** Opens the keys, makes one for the algorithm if there is none, and announces the issuers. */
export async function openSigningKeys(deps: {
  store: Store;
  seal: Seal;
  clock: Clock;
  options: Pick<IssuerOptions, 'signingAlgorithm' | 'issuer'>;
}): Promise<SigningKeys> {
  const { store, seal, options } = deps;
  const algorithm = options.signingAlgorithm;
  const present = await listSigningKeys(store.db);
  // Before the transaction, which the making of a key would hold up; another node may be faster meanwhile.
  const fresh = present.some((row) => row.algorithm === algorithm)
    ? null
    : await makeKey(algorithm, seal, seconds(deps.clock));
  const rows = await store.transaction(async (tx) => {
    let all = await listSigningKeys(tx.db);
    if (fresh && !all.some((row) => row.algorithm === algorithm)) {
      await createSigningKey(tx, fresh);
      all = [fresh, ...all];
    }
    const published = publish(all, algorithm);
    await putIssuer(tx, { issuer: options.issuer, keys: published, audience: gatewayAudience });
    await putIssuer(tx, {
      issuer: apiKeyIssuer(options),
      keys: published,
      audience: apiKeyAudience,
      apiKeys: true,
    });
    return all;
  });
  return signingKeys(rows, algorithm, { store, seal });
}

async function signingKeys(
  rows: readonly SigningKeyRow[],
  algorithm: Algorithm,
  { store, seal }: { store: Store; seal: Seal },
): Promise<SigningKeys> {
  const published = publish(rows, algorithm);
  const signing = rows.find((row) => row.kid === published[0]?.kid) as SigningKeyRow;
  const privateJwk = JSON.parse(seal.open(signing.private_sealed, purpose, signing.kid)) as JWK;
  const signer = jwsSigner(algorithm, signing.kid, privateJwk);
  let publicKeys = await importKeys(rows);
  let reading: Promise<void> | null = null;
  /** Those who ask at the same time share the answer. */
  const readAgain = (): Promise<void> => {
    reading ??= listSigningKeys(store.db)
      .then(importKeys)
      .then((keys) => {
        publicKeys = keys;
      })
      .finally(() => {
        reading = null;
      });
    return reading;
  };
  return {
    published,
    sign: (claims, type = 'JWT') => signer.sign(claims, type),
    async verify(jwt) {
      if (!jwt.split('.').every(isCanonical)) return null;
      try {
        const { payload } = await compactVerify(
          jwt,
          async ({ kid = '' }) => {
            if (!publicKeys.has(kid)) await readAgain();
            const key = publicKeys.get(kid);
            if (!key) throw new errors.JWKSNoMatchingKey();
            return key;
          },
          { algorithms },
        );
        return JSON.parse(new TextDecoder().decode(payload)) as JWTPayload;
      } catch (error) {
        if (error instanceof errors.JOSEError || error instanceof SyntaxError || error instanceof TypeError)
          return null;
        throw error;
      }
    },
  };
}

/** Public keys by `kid`. Each has its algorithm, so that no token chooses another one for it. */
async function importKeys(rows: readonly SigningKeyRow[]) {
  const keys = rows.map(({ public_jwk }) => JSON.parse(public_jwk) as PublicJwk);
  return new Map(await Promise.all(keys.map(async (jwk) => [jwk.kid, await importJWK(jwk as JWK, jwk.alg)] as const)));
}

/** base64url has spare bits at its end that decoders ignore: without this, one token could be written in many ways. */
function isCanonical(part: string): boolean {
  return Buffer.from(part, 'base64url').toString('base64url') === part;
}

/** Public keys, the signing one (the newest of the algorithm) first. */
function publish(rows: readonly SigningKeyRow[], algorithm: Algorithm): PublicJwk[] {
  const signing = rows.find((row) => row.algorithm === algorithm);
  const others = rows.filter((row) => row !== signing);
  return [...(signing ? [signing] : []), ...others].map((row) => JSON.parse(row.public_jwk) as PublicJwk);
}

async function makeKey(algorithm: Algorithm, seal: Seal, createdAt: number): Promise<SigningKeyRow> {
  const { publicKey, privateKey } = await generateKeyPair(algorithm, { extractable: true, modulusLength: 2048 });
  const publicJwk = await exportJWK(publicKey);
  const kid = await calculateJwkThumbprint(publicJwk, 'sha256');
  return {
    kid,
    algorithm,
    public_jwk: JSON.stringify({ ...publicJwk, kid, alg: algorithm, use: 'sig' }),
    private_sealed: seal.seal(JSON.stringify(await exportJWK(privateKey)), purpose, kid),
    created_at: createdAt,
  };
}
