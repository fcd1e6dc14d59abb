/** What is known of a user, by the names of OpenID Connect Core section 5.1. */
import { findFederatedUser } from '../../adapters/stores/federated-users.ts';
import { findProfile } from '../../adapters/stores/users.ts';
import { isFederated } from '../../core/identity-provider.ts';
import type { KeyManager } from '../call.ts';
import { type AskedClaims, isOfScopes } from './requested-claims.ts';

export type UserClaims = Readonly<Record<string, string>>;

/** Null when there is no such user, or his identity provider is out of use. */
export async function userClaims(km: KeyManager, subject: string): Promise<UserClaims | null> {
  if (isFederated(subject)) {
    const federated = await findFederatedUser(km.store.db, subject);
    return federated && { preferred_username: federated.name, ...federated.claims };
  }
  const user = await km.users.find(subject);
  if (!user) return null;
  const profile = await findProfile(km.store.db, user.tenant, user.name);
  return present({
    preferred_username: user.name,
    name: [profile?.first_name, profile?.last_name].filter(Boolean).join(' '),
    given_name: profile?.first_name,
    family_name: profile?.last_name,
    email: profile?.email,
  });
}

/** Those that scopes give, and those that were asked for by name and have the value that was asked for. */
export function claimsFor(all: UserClaims, scopes: readonly string[], asked: AskedClaims): UserClaims {
  const isAsked = (name: string, value: string): boolean => {
    const values = Object.hasOwn(asked, name) ? asked[name] : undefined;
    return values === null || values?.includes(value) === true;
  };
  return Object.fromEntries(
    Object.entries(all).filter(([name, value]) => isOfScopes(name, scopes) || isAsked(name, value)),
  );
}

const present = (claims: Readonly<Record<string, string | undefined>>): UserClaims =>
  Object.fromEntries(Object.entries(claims).filter((pair): pair is [string, string] => Boolean(pair[1])));
