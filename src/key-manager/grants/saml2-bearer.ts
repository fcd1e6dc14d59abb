/** A token of a user for whom an identity provider speaks, by a SAML assertion that the client got of it (RFC 7522). */
import type { StoreTransaction } from '../../adapters/stores/store.ts';
import { takeAssertion } from '../../adapters/stores/used-assertions.ts';
import { saml2Bearer as grantType } from '../../core/saml.ts';
import { assertionsFor } from '../../core/service-provider.ts';
import type { KeyManager } from '../call.ts';
import { mayUse } from '../clients/clients.ts';
import { type AssertedUser, assertedUser, isUnchanged, rememberUser } from '../federation/asserted-user.ts';
import type { LogIn } from '../log-in/log-in.ts';
import { OAuthError } from '../oauth-error.ts';
import type { AcceptedAssertion } from '../saml/accept-assertion.ts';
import { isOurs, isStillMeant, joinSession, ownUser } from '../service-providers/own-assertions.ts';
import { issue } from '../tokens/issue.ts';
import { readScope } from '../tokens/scopes.ts';
import { issueTime, lasts } from '../tokens/times.ts';
import { newTokenId } from '../tokens/token-id.ts';
import { userPlan } from '../tokens/user-plan.ts';
import type { Grant } from './grant.ts';

export const saml2Bearer: Grant = {
  grantType,
  parameters: ['assertion', 'scope'],
  async handle(request, km) {
    const { form, client, beganAt } = request;
    const parameter = form.require('assertion');
    const wanted = readScope(form.get('scope'));
    // It brings a reader of XML, which a key manager without identity providers has no use for.
    const { acceptAssertion } = await import('../saml/accept-assertion.ts');
    const assertion = await acceptAssertion(km, client.tenant, parameter);
    const user = await userOf(km, assertion);
    const issuedAt = await issueTime(km, { subject: user.subject, client: client.consumer_key }, beganAt);
    // Nothing outlives the assertion, refresh tokens and what they give included.
    const notAfter = assertion.endsAt;
    if (!lasts(notAfter, issuedAt, km.options)) throw dead('the assertion has too little time left');
    const family = newTokenId();
    const plan = {
      ...(await userPlan(km, request, { grantType, ...user, wanted, issuedAt, notAfter })),
      ...(user.logIn && { logIn: user.logIn }),
      notAfter,
      family,
    } as const;
    const withRefresh = km.options.assertionRefreshTokens && mayUse(client, 'refresh_token');
    const issued = await issue(km, plan, withRefresh, (tx) =>
      take(tx, assertion, user, { family, consumerKey: client.consumer_key }),
    );
    if (!issued) throw dead('the assertion was used already, or whom it is of or for was changed meanwhile');
    return issued;
  },
};

interface BearersUser extends AssertedUser {
  /** Absent: it was not here. */
  readonly logIn?: LogIn;
}

/** Of our own assertion it is who is still in the session of which it says. */
async function userOf(km: KeyManager, { provider, name, roles, session }: AcceptedAssertion): Promise<BearersUser> {
  if (!isOurs(provider)) return assertedUser(km, provider, { name, roles });
  const user = await ownUser(km, provider, session);
  if (!user) throw dead('its user has logged out');
  return { ...user, isLocal: true };
}

/** False when it was used before, or its provider, identity or service, is no longer the one that it was checked against. */
async function take(
  tx: StoreTransaction,
  { provider, serviceProvider, id, endsAt, name, claims, session }: AcceptedAssertion,
  user: AssertedUser,
  { family, consumerKey }: { family: string; consumerKey: string },
): Promise<boolean> {
  const known = serviceProvider ? isStillMeant(tx, serviceProvider) : isUnchanged(tx, provider);
  if (!(await known)) return false;
  const issuer = serviceProvider ? assertionsFor(serviceProvider) : provider.entityId;
  if (!(await takeAssertion(tx, { issuer, id, family, expiresAt: endsAt }))) return false;
  if (serviceProvider) return joinSession(tx, { sessionId: session as string, consumerKey, family });
  await rememberUser(tx, provider, user, { name, claims, expiresAt: endsAt });
  return true;
}

const dead = (description: string): OAuthError => new OAuthError('invalid_grant', description);
