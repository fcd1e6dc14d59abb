/** A token of a user for whom a trusted issuer speaks, once for each of its assertions (RFC 7523 section 2.1). */
import { takeAssertion } from '../../adapters/stores/used-assertions.ts';
import { verifyAssertion } from '../assertions/verify-jwt.ts';
import { OAuthError } from '../oauth-error.ts';
import { issue } from '../tokens/issue.ts';
import { readScope } from '../tokens/scopes.ts';
import { issueTime, lasts } from '../tokens/times.ts';
import { newTokenId } from '../tokens/token-id.ts';
import { userPlan } from '../tokens/user-plan.ts';
import type { Grant } from './grant.ts';

export const jwtBearer: Grant = {
  grantType: 'urn:ietf:params:oauth:grant-type:jwt-bearer',
  parameters: ['assertion', 'scope'],
  async handle(request, km) {
    const { form, client, beganAt } = request;
    const wanted = readScope(form.get('scope'));
    const assertion = await verifyAssertion(km, form.require('assertion'));
    const user = await km.users.find(assertion.subject);
    if (!user) throw new OAuthError('invalid_grant', 'assertion: sub: the user is unknown');
    const issuedAt = await issueTime(km, { subject: user.fullName, client: client.consumer_key }, beganAt);
    // No refresh token: with it, the user would go on when his issuer speaks for him no more (RFC 7521 section 4.1).
    const family = newTokenId();
    const plan = {
      ...(await userPlan(km, request, {
        grantType: jwtBearer.grantType,
        subject: user.fullName,
        roles: user.roles,
        wanted,
        issuedAt,
        notAfter: assertion.expiresAt,
      })),
      family,
      apart: true,
    } as const;
    if (!lasts(plan.expiresAt, issuedAt, km.options))
      throw new OAuthError('invalid_grant', 'assertion: about to expire');
    const issued = await issue(km, plan, false, (tx) => takeAssertion(tx, { ...assertion, family }));
    if (!issued) throw new OAuthError('invalid_grant', 'assertion: used already');
    return issued;
  },
};
