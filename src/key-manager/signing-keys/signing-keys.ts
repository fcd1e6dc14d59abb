/**
 * The keys that sign JWTs: kept sealed in the store, published for gateways before they sign, and followed by others
 * (`signing-keys/`). What another node does to them this one sees within a second.
 */
import type { KeyObject } from 'node:crypto';
import type { JWTPayload } from 'jose';
import {
  createSigningKey,
  listSigningKeys,
  putIssuer,
  type SigningKeyRow,
} from '../../adapters/stores/signing-keys.ts';
import type { Store } from '../../adapters/stores/store.ts';
import { apiKeyAudience, gatewayAudience, type PublicJwk } from '../../core/token.ts';
import type { Clock } from '../../platform/clock.ts';
import type { Log } from '../../platform/log.ts';
import type { Seal } from '../../platform/seal.ts';
import { type IssuerOptions, seconds } from '../call.ts';
import { shortestOverlap } from '../options.ts';
import { apiKeyIssuer } from '../tokens/api-key.ts';
import { openKeyRing } from './key-ring.ts';
import { type Algorithm, makeKey } from './make-key.ts';
import { type KeyOrders, keyOrders } from './orders.ts';
import { publishKeys } from './publish-keys.ts';
import { tendKeys } from './tend-keys.ts';

export interface SigningKeys {
  /** Every public key of which something may be good, the one that signs first. */
  readonly published: readonly PublicJwk[];
  /** Those that a client may ask for. */
  readonly algorithms: readonly string[];
  /**
   * Not to be called inside a transaction.
   * @param type `typ` of the header; default `JWT`
   * @param algorithm default: that of the options, or another one as long as its key is too new for gateways
   * @param until second up to which somebody may verify it; default `exp`, or for ever
   */
  sign(claims: JWTPayload, type?: string, algorithm?: string, until?: number): Promise<string>;
  /**
   * The claims, if one of the keys signed this JWT and it is written in the one canonical way; else null. A key that is
   * not known may be another node's new one: then the store is asked.
   * @param version of the store's head, read when the request began: keys that were revoked by then verify nothing. Default: those
   *   that are known to be
   */
  verify(jwt: string, version?: number): Promise<JWTPayload | null>;
  /** Those of an algorithm of which the private part is still there, an hour after its end yet: the one that signs now first. */
  privateKeys(algorithm: Algorithm): readonly PrivateKey[];
}

/** For signatures in another form than that of JWTs. */
export interface PrivateKey {
  readonly kid: string;
  /** Seconds since the epoch. */
  readonly createdAt: number;
  readonly key: KeyObject;
}

export interface OpenSigningKeys extends SigningKeys {
  readonly orders: KeyOrders;
  /** Ends the looking for what other nodes do. */
  close(): void;
}

export interface SigningKeysDeps {
  readonly store: Store;
  readonly seal: Seal;
  readonly clock: Clock;
  readonly log: Log;
  readonly options: Pick<
    IssuerOptions,
    'signingAlgorithm' | 'otherAlgorithms' | 'keyRotation' | 'keyOverlap' | 'issuer'
  >;
}

/** Opens the keys, makes those that there have to be, and announces the issuers. */
export async function openSigningKeys(deps: SigningKeysDeps): Promise<OpenSigningKeys> {
  const { store, seal, options } = deps;
  const wanted = algorithmsOf(options);
  const now = seconds(deps.clock);
  const present = await listSigningKeys(store.db);
  // Before the transaction, which the making of a key would hold up; another node may be faster meanwhile.
  const signsFrom = present.length === 0 ? now : now + shortestOverlap;
  const missing = wanted.filter((algorithm) => !present.some(isOf(algorithm)));
  const fresh = await Promise.all(missing.map((algorithm) => makeKey(algorithm, seal, { now, signsFrom })));
  await store.transaction(async (tx) => {
    const all = await listSigningKeys(tx.db);
    for (const key of fresh) if (!all.some(isOf(key.algorithm))) await createSigningKey(tx, key);
    const keys = await publishKeys(tx);
    await putIssuer(tx, { issuer: options.issuer, keys, audience: gatewayAudience });
    await putIssuer(tx, { issuer: apiKeyIssuer(options), keys, audience: apiKeyAudience, apiKeys: true });
  });
  const ring = await openKeyRing(deps, wanted);
  const orders = keyOrders(deps, wanted, ring.look);
  const endTending = tendKeys(deps, wanted, orders);
  return {
    ...ring,
    get published() {
      return ring.published;
    },
    orders,
    close() {
      endTending();
      ring.close();
    },
  };
}

/** The one that signs access tokens first. */
function algorithmsOf({ signingAlgorithm, otherAlgorithms }: SigningKeysDeps['options']): readonly Algorithm[] {
  return [...new Set([signingAlgorithm, ...(otherAlgorithms as Algorithm[])])];
}

const isOf = (algorithm: string) => (row: SigningKeyRow) =>
  row.algorithm === algorithm && row.state === 'ACTIVE' && row.retired_at === null;
