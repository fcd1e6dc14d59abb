/** What a service provider is told of who has logged in: his name, and what else its registration says. */
import type { AssertedLogIn, AssertionContent } from '../../adapters/saml/write-assertion.ts';
import type { SessionRow } from '../../adapters/stores/sessions.ts';
import type { ServiceProvider } from '../../core/service-provider.ts';
import type { KeyManager } from '../call.ts';
import { userClaims } from '../log-in/user-claims.ts';
import { rolesOf } from '../tokens/roles.ts';
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
      // It has to be said (SAML core section 2.7.2). Who came from a provider that does not say it was let in when he came back; whoever
      // wants more of him says ForceAuthn.
      at: (session.authenticated_at || session.created_at) * 1000,
      endsAt: session.expires_at * 1000,
      session: session.id,
      context,
    },
  };
}

async function claims(km: KeyManager, subject: string, { claims }: ServiceProvider): Promise<ToldUser['attributes']> {
  const wanted = Object.entries(claims);
  const known = wanted.length === 0 ? null : await userClaims(km, subject);
  return wanted.flatMap(([claim, attribute]) => {
    const value = known?.[claim];
    return value ? [[attribute, [value]] as const] : [];
  });
}
