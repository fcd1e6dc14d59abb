/** A token of a user for whom an identity provider speaks, by a SAML assertion that the client got of it (RFC 7522). */
import { randomUUID } from 'node:crypto';
import type { StoreTransaction } from '../../adapters/stores/store.ts';
import { takeAssertion } from '../../adapters/stores/used-assertions.ts';
import { saml2Bearer as grantType } from '../../core/saml.ts';
import { mayUse } from '../clients.ts';
import { type AssertedUser, assertedUser, isUnchanged, rememberUser } from '../federation/asserted-user.ts';
import { issue } from '../issue.ts';
import { OAuthError } from '../oauth-error.ts';
import type { AcceptedAssertion } from '../saml/accept-assertion.ts';
import { readScope } from '../scopes.ts';
import { issueTime, lasts } from '../times.ts';
import { userPlan } from '../user-plan.ts';
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
    const user = await assertedUser(km, assertion.provider, assertion);
    const issuedAt = await issueTime(km, { subject: user.subject, client: client.consumer_key }, beganAt);
    // Nothing outlives the assertion, refresh tokens and what they give included.
    const notAfter = assertion.endsAt;
    if (!lasts(notAfter, issuedAt, km.options)) throw dead('the assertion has too little time left');
    const family = randomUUID();
    const plan = {
      ...(await userPlan(km, request, { grantType, ...user, wanted, issuedAt, notAfter })),
      notAfter,
      family,
    } as const;
    const withRefresh = km.options.assertionRefreshTokens && mayUse(client, 'refresh_token');
    const issued = await issue(km, plan, withRefresh, (tx) => take(tx, assertion, user, family));
    if (!issued) throw dead('the assertion was used already, or its identity provider was changed meanwhile');
    return issued;
  },
};

/** False when it was used before, or its provider is no longer the one that it was checked against. */
async function take(
  tx: StoreTransaction,
  { provider, id, endsAt, name, claims }: AcceptedAssertion,
  user: AssertedUser,
  family: string,
): Promise<boolean> {
  if (!(await isUnchanged(tx, provider))) return false;
  if (!(await takeAssertion(tx, { issuer: provider.entityId, id, family, expiresAt: endsAt }))) return false;
  await rememberUser(tx, provider, user, { name, claims, expiresAt: endsAt });
  return true;
}

const dead = (description: string): OAuthError => new OAuthError('invalid_grant', description);
