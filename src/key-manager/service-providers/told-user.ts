/** What a service provider is told of who has logged in: his name, and what else its registration says. */
import type { AssertedLogIn, AssertionContent } from '../../adapters/saml/write-assertion.ts';
import { findFederatedUser } from '../../adapters/stores/federated-users.ts';
import type { SessionRow } from '../../adapters/stores/sessions.ts';
import { findProfile } from '../../adapters/stores/users.ts';
import { isFederated } from '../../core/identity-provider.ts';
import type { ServiceProvider, ToldClaim } from '../../core/service-provider.ts';
import type { KeyManager } from '../call.ts';
import { rolesOf } from '../roles.ts';
import { nameIn } from './name-format.ts';
import type { SignOn } from './sign-on.ts';

export interface ToldUser {
  readonly name: string;
  readonly attributes: NonNullable<AssertionContent['attributes']>;
  readonly logIn: AssertedLogIn;
}

/** Null: he is gone, or another tenant's. */
export async function toldUser(
  km: KeyManager,
  session: SessionRow,
  context: string,
  { provider, nameFormat }: Pick<SignOn, 'provider' | 'nameFormat'>,
): Promise<ToldUser | null> {
  const { subject, tenant } = session;
  const roles = tenant === provider.tenant ? await rolesOf(km, subject) : null;
  if (!roles) return null;
  const { roleAttribute } = provider;
  return {
    name: nameIn(km, nameFormat, provider, subject),
    attributes: [
      ...(roleAttribute === '' || roles.length === 0 ? [] : [[roleAttribute, roles] as const]),
      ...(await claims(km, subject, provider)),
    ],
    logIn: {
      at: session.authenticated_at * 1000,
      endsAt: session.expires_at * 1000,
      session: session.id,
      context,
    },
  };
}

type Attributes = ToldUser['attributes'];

async function claims(km: KeyManager, subject: string, { claims }: ServiceProvider): Promise<Attributes> {
  const wanted = Object.entries(claims) as [ToldClaim, string][];
  if (wanted.length === 0) return [];
  const values: Partial<Record<string, string>> = isFederated(subject)
    ? ((await findFederatedUser(km.store.db, subject))?.claims ?? {})
    : await profile(km, subject);
  return wanted.flatMap(([claim, attribute]) => {
    const value = values[claim];
    return value ? [[attribute, [value]] as const] : [];
  });
}

async function profile(km: KeyManager, subject: string): Promise<Partial<Record<ToldClaim, string>>> {
  const user = await km.users.find(subject);
  const found = user && (await findProfile(km.store.db, user.tenant, user.name));
  if (!found) return {};
  return {
    name: [found.first_name, found.last_name].filter(Boolean).join(' '),
    given_name: found.first_name,
    family_name: found.last_name,
    email: found.email,
  };
}
