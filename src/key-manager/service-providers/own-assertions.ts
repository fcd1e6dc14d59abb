/**
 * Our own assertions at our own token endpoint. Nobody has to register us with ourselves: what is for that endpoint is so because
 * the registration of its service provider says it, and who it is about is known better than by his name.
 */
import type { XmlElement } from '@xmldom/xmldom';
import { findIssuerOfRequests, findServiceProvider } from '../../adapters/stores/service-providers.ts';
import { findSession, linkSession } from '../../adapters/stores/sessions.ts';
import type { StoreTransaction } from '../../adapters/stores/store.ts';
import type { IdentityProvider } from '../../core/identity-provider.ts';
import type { ServiceProvider } from '../../core/service-provider.ts';
import { type KeyManager, seconds } from '../call.ts';
import { logInOf } from '../log-in/log-in.ts';
import { oneChild, refuse, type SignedAssertion, samlChildren, uriOf } from '../saml/assertion.ts';
import { rolesOf } from '../tokens/roles.ts';
import { ownEntityId } from './own-addresses.ts';
import { ownKeys } from './own-keys.ts';

/** We, as an identity provider. It has no row. @throws RestError 503 when nothing here signs assertions */
export async function ourselves(km: KeyManager, tenant: string): Promise<IdentityProvider> {
  return {
    id: '',
    tenant,
    name: '',
    description: '',
    enabled: true,
    protocol: 'saml2',
    logIn: false,
    entityId: ownEntityId(km.options),
    certificates: (await ownKeys(km)).map(({ certificate }) => certificate),
    alias: '',
    ssoUrl: '',
    serviceProviderEntityId: '',
    roleAttribute: '',
    roles: {},
    claims: {},
    localAccounts: true,
    allowSha1: false,
  };
}

export const isOurs = ({ id }: IdentityProvider): boolean => id === '';

/**
 * For whom its registration means it today: the service provider, by whose entity id its audiences begin, may have been
 * switched off or changed since it got it.
 * @param ours addresses of the token endpoint
 */
export async function meantNow(
  { store }: KeyManager,
  tenant: string,
  assertion: XmlElement,
  ours: ReadonlySet<string>,
): Promise<Pick<SignedAssertion, 'audiences' | 'recipients'> & { serviceProvider: ServiceProvider }> {
  const [restriction] = samlChildren(oneChild(assertion, 'Conditions'), 'AudienceRestriction');
  const [first] = restriction ? samlChildren(restriction, 'Audience').map(uriOf) : [];
  const registered = await findIssuerOfRequests(store.db, tenant, first ?? '');
  if (!registered) return refuse('its service provider is no longer registered here and switched on');
  const still = (urls: readonly string[]) => new Set(urls.filter((url) => ours.has(url)));
  return {
    audiences: still(registered.audiences),
    recipients: still(registered.recipients),
    serviceProvider: registered,
  };
}

/** Whether it is still the one whose registration was read. */
export async function isStillMeant(tx: StoreTransaction, provider: ServiceProvider): Promise<boolean> {
  return JSON.stringify(await findServiceProvider(tx.db, provider.id)) === JSON.stringify(provider);
}

/** Whose session it is, and how he logged in in it; null = it is over, or he is gone. */
export async function ownUser(km: KeyManager, { tenant }: IdentityProvider, sessionId: string | null) {
  const session = sessionId === null ? null : await findSession(km.store.db, sessionId);
  if (!session || session.tenant !== tenant || session.expires_at <= seconds(km.clock)) return null;
  const roles = await rolesOf(km, session.subject);
  return roles && { subject: session.subject, roles, logIn: logInOf(session, null) };
}

/** With the session ends what its assertion is exchanged for. False when it has ended meanwhile. */
export async function joinSession(
  tx: StoreTransaction,
  { sessionId, consumerKey, family }: { sessionId: string; consumerKey: string; family: string },
): Promise<boolean> {
  if (!(await findSession(tx.db, sessionId))) return false;
  await linkSession(tx, { session_id: sessionId, consumer_key: consumerKey, family });
  return true;
}
