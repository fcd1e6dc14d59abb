/**
 * Kills tokens. What it answers for is committed, together with what gateways are told; revocations of about two
 * milliseconds share a transaction.
 */
import { type AccessTokenRow, familiesOf, findJwt, findOpaque } from '../../adapters/stores/access-tokens.ts';
import { joinTransactions } from '../../adapters/stores/join-transactions.ts';
import { findRefreshByHash } from '../../adapters/stores/refresh-tokens.ts';
import {
  type RevokedCounts,
  recordStricter,
  revokeAccessOf,
  revokeAccessToken,
  revokeClientTokens,
  revokeFamily,
  revokeSubjectTokens,
} from '../../adapters/stores/revocations.ts';
import { onlyTokens, type Store, type StoreTransaction } from '../../adapters/stores/store.ts';
import { shortHash } from '../../core/revocation.ts';
import { gatewayAudience } from '../../core/token.ts';
import type { Clock } from '../../platform/clock.ts';
import { seconds } from '../call.ts';
import type { SigningKeys } from '../signing-keys/signing-keys.ts';
import { tokenHash } from './token-hash.ts';

/** A token that was revoked, with what went with it. */
export interface RevokedToken extends RevokedCounts {
  readonly kind: 'access' | 'refresh';
  /** The `jti` of a JWT; the beginning of the hash of another token. */
  readonly id: string;
  /** `name@tenant`. */
  readonly subject: string;
  readonly consumerKey: string;
  /** Seconds since the epoch. */
  readonly expires: number;
}

/** What became of one request to revoke a token. */
export type Revoked =
  | ({ readonly outcome: 'revoked' } & RevokedToken)
  /** Unknown, or dead already. */
  | { readonly outcome: 'nothing' }
  /** It was issued to another client. */
  | { readonly outcome: 'foreign' };

export interface Revoker {
  /** Revokes the token (a JWT, an opaque or refresh token, or the bare `jti` of a JWT), if it belongs to the client. */
  revoke(token: string, consumerKey: string): Promise<Revoked>;
  /**
   * As `revoke`, whoever it was issued to: for administrators. What the log-in of an expired token gave ends as well.
   * Null when it is unknown or all of it is dead.
   * @param decide runs in the transaction that revokes, and may run twice
   */
  revokeAny(
    token: string,
    decide: (tx: StoreTransaction, revoked: RevokedToken) => Promise<void>,
  ): Promise<RevokedToken | null>;
  /**
   * Revokes everything issued for a user (`name@tenant`) up to the end of this second: the password was changed, or the
   * user is gone. His consents go too. With `tx`, in that transaction. With `issuedBefore` (seconds, not in the future), what was issued up to
   * that second and nothing else.
   */
  revokeSubject(subject: string, tx?: StoreTransaction, issuedBefore?: number): Promise<RevokedCounts>;
  /**
   * Revokes what a client was given for a user by his own log-ins, and the user's consent: he lets it act for him no more.
   * What it has of its own, and of others, stays.
   * @param decide runs in the transaction that revokes
   */
  revokeAccess(
    subject: string,
    consumerKey: string,
    decide: (tx: StoreTransaction, revoked: RevokedCounts) => Promise<void>,
  ): Promise<RevokedCounts>;
  /** Revokes everything issued to a client; the rest as `revokeSubject`. */
  revokeClient(consumerKey: string, tx?: StoreTransaction, issuedBefore?: number): Promise<RevokedCounts>;
}

const windowMs = 2;

export function openRevoker(deps: { store: Store; keys: SigningKeys; clock: Clock; issuer: string }): Revoker {
  const { store, keys, clock, issuer } = deps;
  const write = joinTransactions(store, windowMs, onlyTokens);
  return {
    async revoke(token, consumerKey) {
      const order = await orderOf(token, consumerKey);
      if (!order) return nothing;
      const revoked = await write((tx) => revokeOne(tx, order));
      // Its log-in has ended, but the token itself was dead before.
      return revoked.outcome === 'revoked' && revoked.kind === 'access' && revoked.expires <= order.now
        ? nothing
        : revoked;
    },
    async revokeAny(token, decide) {
      const order = await orderOf(token, null);
      if (!order) return null;
      return write(async (tx) => {
        const revoked = await revokeOne(tx, order);
        if (revoked.outcome !== 'revoked' || revoked.accessTokens + revoked.refreshTokens === 0) return null;
        await decide(tx, revoked);
        return revoked;
      });
    },
    revokeSubject: (subject, tx, issuedBefore) => {
      const revoke = (tx: StoreTransaction) => revokeSubjectTokens(tx, issuer, subject, seconds(clock), issuedBefore);
      return tx ? revoke(tx) : store.transaction(revoke);
    },
    revokeAccess: (subject, consumerKey, decide) =>
      store.transaction(async (tx) => {
        const revoked = await revokeAccessOf(tx, { subject, consumerKey }, seconds(clock));
        await decide(tx, revoked);
        return revoked;
      }),
    revokeClient: (consumerKey, tx, issuedBefore) => {
      const revoke = (tx: StoreTransaction) =>
        revokeClientTokens(tx, issuer, consumerKey, seconds(clock), issuedBefore);
      return tx ? revoke(tx) : store.transaction(revoke);
    },
  };

  /** Null for a JWT that is none of ours. The signature is checked here, where it holds up no transaction. */
  async function orderOf(token: string, consumerKey: string | null): Promise<Order | null> {
    const jti = token.includes('.') ? await verifiedJti(keys, token) : null;
    return token.includes('.') && jti === null ? null : { token, jti, consumerKey, now: seconds(clock) };
  }
}

interface VerifiedJwt {
  readonly issuer: string;
  readonly value: string;
  /** What an access token says of itself; null = it is none. */
  readonly says: { readonly consumerKey: string; readonly subject: string; readonly expires: number } | null;
}

interface Order {
  readonly token: string;
  /** Of a verified JWT. */
  readonly jti: VerifiedJwt | null;
  /** Null = whosever it is. */
  readonly consumerKey: string | null;
  readonly now: number;
}

const nothing: Revoked = { outcome: 'nothing' };

async function revokeOne(tx: StoreTransaction, order: Order): Promise<Revoked> {
  const { token, jti, consumerKey, now } = order;
  if (jti) {
    const row = await findJwt(tx.db, jti.value);
    if (row) return row.issuer === jti.issuer ? revokeAccess(tx, row, order) : nothing;
    return revokeUnknown(tx, jti, order);
  }
  const hash = tokenHash(token);
  const access = (await findOpaque(tx.db, hash)) ?? (await findJwt(tx.db, token));
  if (access) return revokeAccess(tx, access, order);
  const refresh = await findRefreshByHash(tx.db, hash);
  if (!refresh) return nothing;
  if (consumerKey !== null && refresh.consumer_key !== consumerKey) return { outcome: 'foreign' };
  if (refresh.state === 'REVOKED') return nothing;
  const { subject, consumer_key, expires_at: expires } = refresh;
  const counts = await revokeFamily(tx, refresh.family, now);
  return {
    outcome: 'revoked',
    kind: 'refresh',
    id: shortHash(hash),
    subject,
    consumerKey: consumer_key,
    expires,
    ...counts,
  };
}

/** Every log-in that it was handed out to ends (RFC 7009 section 2.1 allows it): who stole one token may have all. */
async function revokeAccess(tx: StoreTransaction, row: AccessTokenRow, { consumerKey, now }: Order): Promise<Revoked> {
  if (consumerKey !== null && row.consumer_key !== consumerKey) return { outcome: 'foreign' };
  if (row.state === 'REVOKED') return nothing;
  const counts = { accessTokens: (await revokeAccessToken(tx, row, now)) ? 1 : 0, refreshTokens: 0 };
  for (const family of await familiesOf(tx.db, row.id)) {
    const { accessTokens, refreshTokens } = await revokeFamily(tx, family, now);
    counts.accessTokens += accessTokens;
    counts.refreshTokens += refreshTokens;
  }
  const { subject, consumer_key, expires_at: expires } = row;
  const id = row.token_hash === null ? row.id : shortHash(row.token_hash);
  return { outcome: 'revoked', kind: 'access', id, subject, consumerKey: consumer_key, expires, ...counts };
}

/**
 * A JWT that was issued and has no row: the store was restored to a state before it. Gateways believe its signature, so
 * what it says of itself has to do.
 */
async function revokeUnknown(tx: StoreTransaction, jwt: VerifiedJwt, { consumerKey, now }: Order): Promise<Revoked> {
  const { issuer, value, says } = jwt;
  if (!says) return nothing;
  if (consumerKey !== null && says.consumerKey !== consumerKey) return { outcome: 'foreign' };
  await recordStricter(tx, { type: 'token', issuer, value, expires: says.expires });
  const accessTokens = says.expires > now ? 1 : 0;
  return { outcome: 'revoked', kind: 'access', id: value, ...says, accessTokens, refreshTokens: 0 };
}

async function verifiedJti(keys: SigningKeys, token: string): Promise<VerifiedJwt | null> {
  const claims = await keys.verify(token);
  if (!claims?.iss || !claims.jti) return null;
  const { iss: issuer, jti: value, aud, sub: subject, exp: expires, consumerKey } = claims;
  const says =
    aud === gatewayAudience && subject && expires && typeof consumerKey === 'string'
      ? { consumerKey, subject, expires }
      : null;
  return { issuer, value, says };
}
