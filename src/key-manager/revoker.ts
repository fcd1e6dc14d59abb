/**
 * Kills tokens. What it answers for is committed, together with what gateways are told; revocations of about two
 * milliseconds share a transaction.
 */
import { type AccessTokenRow, familiesOf, findJwt, findOpaque } from '../adapters/stores/access-tokens.ts';
import { joinTransactions } from '../adapters/stores/join-transactions.ts';
import { findRefreshByHash } from '../adapters/stores/refresh-tokens.ts';
import {
  revokeAccessToken,
  revokeClientTokens,
  revokeFamily,
  revokeSubjectTokens,
} from '../adapters/stores/revocations.ts';
import type { Store, StoreTransaction } from '../adapters/stores/store.ts';
import type { Clock } from '../platform/clock.ts';
import { seconds } from './call.ts';
import type { SigningKeys } from './signing-keys.ts';
import { tokenHash } from './token-hash.ts';

/** What became of one request to revoke a token. */
export type Revoked =
  | { readonly outcome: 'revoked'; readonly kind: 'access' | 'refresh'; readonly subject: string }
  /** Unknown, or dead already. */
  | { readonly outcome: 'nothing' }
  /** It was issued to another client. */
  | { readonly outcome: 'foreign' };

export interface Revoker {
  /** Revokes the token (a JWT, an opaque or refresh token, or the bare `jti` of a JWT), if it belongs to the client. */
  revoke(token: string, consumerKey: string): Promise<Revoked>;
  /**
   * Revokes everything issued for a user (`name@tenant`) up to the end of this second: the password was changed, or the
   * user is gone. With `tx`, in that transaction.
   */
  revokeSubject(subject: string, tx?: StoreTransaction): Promise<void>;
  /** Revokes everything issued to a client up to the end of this second. With `tx`, in that transaction. */
  revokeClient(consumerKey: string, tx?: StoreTransaction): Promise<void>;
}

const windowMs = 2;

export function openRevoker(deps: { store: Store; keys: SigningKeys; clock: Clock; issuer: string }): Revoker {
  const { store, keys, clock, issuer } = deps;
  const write = joinTransactions(store, windowMs);
  return {
    async revoke(token, consumerKey) {
      // The signature is checked here, where it holds up no transaction.
      const jti = token.includes('.') ? await verifiedJti(keys, token) : null;
      if (token.includes('.') && jti === null) return nothing;
      return write((tx) => revokeOne(tx, { token, jti, consumerKey, now: seconds(clock) }));
    },
    revokeSubject: (subject, tx) => {
      const revoke = (tx: StoreTransaction) => revokeSubjectTokens(tx, issuer, subject, seconds(clock));
      return tx ? revoke(tx) : store.transaction(revoke);
    },
    revokeClient: (consumerKey, tx) => {
      const revoke = (tx: StoreTransaction) => revokeClientTokens(tx, issuer, consumerKey, seconds(clock));
      return tx ? revoke(tx) : store.transaction(revoke);
    },
  };
}

interface Order {
  readonly token: string;
  /** Of a verified JWT. */
  readonly jti: { readonly issuer: string; readonly value: string } | null;
  readonly consumerKey: string;
  readonly now: number;
}

const nothing: Revoked = { outcome: 'nothing' };

async function revokeOne(tx: StoreTransaction, order: Order): Promise<Revoked> {
  const { token, jti, consumerKey, now } = order;
  if (jti) {
    const row = await findJwt(tx.db, jti.value);
    return row?.issuer === jti.issuer ? revokeAccess(tx, row, order) : nothing;
  }
  const hash = tokenHash(token);
  const access = (await findOpaque(tx.db, hash)) ?? (await findJwt(tx.db, token));
  if (access) return revokeAccess(tx, access, order);
  const refresh = await findRefreshByHash(tx.db, hash);
  if (!refresh) return nothing;
  if (refresh.consumer_key !== consumerKey) return { outcome: 'foreign' };
  if (refresh.state === 'REVOKED') return nothing;
  await revokeFamily(tx, refresh.family, now);
  return { outcome: 'revoked', kind: 'refresh', subject: refresh.subject };
}

/** Every log-in that it was handed out to ends (RFC 7009 section 2.1 allows it): who stole one token may have all. */
async function revokeAccess(tx: StoreTransaction, row: AccessTokenRow, { consumerKey, now }: Order): Promise<Revoked> {
  if (row.consumer_key !== consumerKey) return { outcome: 'foreign' };
  if (row.state === 'REVOKED') return nothing;
  await revokeAccessToken(tx, row, now);
  for (const family of await familiesOf(tx.db, row.id)) await revokeFamily(tx, family, now);
  return row.expires_at > now ? { outcome: 'revoked', kind: 'access', subject: row.subject } : nothing;
}

async function verifiedJti(keys: SigningKeys, token: string): Promise<Order['jti']> {
  const claims = await keys.verify(token);
  return claims?.iss && claims.jti ? { issuer: claims.iss, value: claims.jti } : null;
}
