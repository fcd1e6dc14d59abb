/** A token of a user, whose name and password the client sends (RFC 6749 section 4.3). */

import { shortUserName } from '../../adapters/user-stores/user-name.ts';
import { defaultTenant, fullUserName } from '../../core/tenant.ts';
import { mayUse } from '../clients/clients.ts';
import { OAuthError } from '../oauth-error.ts';
import { issue } from '../tokens/issue.ts';
import { readScope } from '../tokens/scopes.ts';
import { issueTime } from '../tokens/times.ts';
import { userPlan } from '../tokens/user-plan.ts';
import type { Grant } from './grant.ts';

export const password: Grant = {
  grantType: 'password',
  parameters: ['username', 'password', 'scope'],
  async handle(request, km) {
    const { form, client, source, beganAt } = request;
    const username = form.require('username');
    const secret = form.require('password');
    const wanted = readScope(form.get('scope'));
    const subject = fullUserName(shortUserName(username) ?? username, defaultTenant);
    const known = await issueTime(km, { subject, client: client.consumer_key }, beganAt);
    const user = await km.users.verify(username, secret, source);
    if (!user) throw new OAuthError('invalid_grant', 'authentication failed: unknown user, or wrong password');
    // Who names no user store may be found in another one than the first.
    const other = { subject: user.fullName, client: client.consumer_key };
    const issuedAt = user.fullName === subject ? known : await issueTime(km, other, beganAt);
    const of = { grantType: password.grantType, subject: user.fullName, roles: user.roles };
    const plan = await userPlan(km, request, { ...of, wanted, issuedAt });
    return issue(km, plan, mayUse(client, 'refresh_token'));
  },
};
