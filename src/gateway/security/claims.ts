/** What the claims of a verified token mean, by what is known of its issuer. */
import type { KeyType } from '../../core/application.ts';
import { unlimited } from '../../core/policy.ts';
import type { Issuer } from '../../core/token.ts';
import { Memo } from '../caches/memo.ts';
import type { SubscribedApi } from './principal.ts';
import type { ClaimedSubscriptions } from './principal-factory.ts';

export type Claims = Readonly<Record<string, unknown>>;

/**
 * The claims by the names that we have for them. A name that stands for another claim stands for no claim of its own,
 * not even where the other is missing. Whom the token is from and how long it is good is not renamed.
 */
export function renameClaims(claims: Claims, names: Issuer['claims']): Claims {
  if (!names || names.length === 0) return claims;
  const renamed: Record<string, unknown> = { ...claims };
  for (const { remote, local } of names) {
    if (remote !== local) delete renamed[remote];
    if (!registered.has(local)) delete renamed[local];
  }
  for (const { remote, local } of names) {
    if (remote in claims && !registered.has(local)) renamed[local] = claims[remote];
  }
  return renamed;
}

const registered = new Set(['iss', 'sub', 'exp', 'nbf', 'iat', 'jti']);

/** The consumer key, from the claim that the issuer keeps it in; null if there is none. */
export function consumerKeyOf(claims: Claims, { consumerKeyClaim, audience }: Issuer): string | null {
  if (consumerKeyClaim !== undefined) {
    const value = claims[consumerKeyClaim];
    return text(Array.isArray(value) ? value[0] : value);
  }
  const { consumerKey, azp, client_id, aud } = claims;
  const named = text(consumerKey) ?? text(azp) ?? text(client_id);
  if (named !== null) return named;
  const single = Array.isArray(aud) && aud.length === 1 ? aud[0] : aud;
  // The audience that the token has to have is ours, and no client's.
  return single === audience ? null : text(single);
}

/** PRODUCTION, unless the token says otherwise. */
export function keyTypeOf(claims: Claims): KeyType {
  return claims.keytype === 'SANDBOX' ? 'SANDBOX' : 'PRODUCTION';
}

/** Space-separated (RFC 9068), or a list, as some issuers write it. */
export function scopesOf(claims: Claims): ReadonlySet<string> {
  const { scope } = claims;
  if (Array.isArray(scope)) return new Set(scope.filter((name) => typeof name === 'string'));
  return scopeSets.get(typeof scope === 'string' ? scope : '');
}

const scopeSets = new Memo<ReadonlySet<string>>(
  1000,
  (scope) => new Set(scope.split(' ').filter((name) => name !== '')),
);

/**
 * What the token itself says about its application and subscriptions, where the issuer's tokens are believed in that;
 * null = the gateway's data decides.
 * @param lists claims that may list the APIs; the first that is there counts
 */
export function claimedSubscriptions(
  claims: Claims,
  { subscriptions = 'data' }: Issuer,
  caller: string,
  lists: readonly string[],
): ClaimedSubscriptions | null {
  const application = claims.application as Record<string, unknown> | null | undefined;
  const isObject = typeof application === 'object' && application !== null;
  const list = lists.find((name) => Array.isArray(claims[name]));
  if (subscriptions === 'data' || (subscriptions === 'claim' && !isObject && list === undefined)) return null;
  const id = isObject ? (text(application.uuid) ?? application.id) : undefined;
  return {
    application: typeof id === 'string' || typeof id === 'number' ? `application ${id}` : `caller ${caller}`,
    applicationTier: (isObject && text(application.tier)) || unlimited,
    unlessManaged: subscriptions === 'managed',
    apis:
      subscriptions === 'none' || subscriptions === 'managed'
        ? null
        : apisOf(list === undefined ? [] : (claims[list] as unknown[])),
  };
}

function apisOf(list: readonly unknown[]): SubscribedApi[] {
  return list.flatMap((one) => {
    if (typeof one !== 'object' || one === null) return [];
    const { name, version, subscriptionTier } = one as Record<string, unknown>;
    if (typeof name !== 'string' || typeof version !== 'string') return [];
    return [{ name, version, tier: text(subscriptionTier) ?? unlimited }];
  });
}

function text(value: unknown): string | null {
  return typeof value === 'string' && value !== '' ? value : null;
}
