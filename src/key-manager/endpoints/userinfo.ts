/** GET and POST /oauth2/userinfo: who the bearer's user is (OpenID Connect Core section 5.3). */
import { type FederatedUser, findFederatedUser } from '../../adapters/stores/federated-users.ts';
import { findProfile } from '../../adapters/stores/users.ts';
import { isFederated } from '../../core/identity-provider.ts';
import type { Step } from '../call.ts';
import { rejectRepeatedAuthorization } from '../checks/reject-repeated-authorization.ts';
import { introspect } from '../introspection.ts';
import { OAuthError } from '../oauth-error.ts';
import { checkPossession } from '../token-possession.ts';

const answer: Step = async ({ request, reply }, km) => {
  const [, scheme = '', token] = /^(Bearer|DPoP) +([\w\-.~+/]+=*) *$/i.exec(request.headers.authorization ?? '') ?? [];
  if (token === undefined) throw refusal('invalid_request', 'expected an access token: Authorization: Bearer', 401);
  const found = await introspect(km, token);
  if (!found) throw refusal('invalid_token', 'the access token is unknown, expired or revoked', 401);
  await checkPossession(km, request, { token, found, scheme });
  const scopes = found.scope.split(' ');
  if (!scopes.includes('openid') || found.aut !== 'APPLICATION_USER') {
    throw refusal('insufficient_scope', 'the access token of a user with the scope openid is needed', 403);
  }
  if (isFederated(found.sub)) {
    reply.send(federatedClaims(found.sub, scopes, await findFederatedUser(km.store.db, found.sub)));
    return;
  }
  const user = await km.users.find(found.sub);
  if (!user) throw refusal('invalid_token', 'the user is unknown', 401);
  const profile = await findProfile(km.store.db, user.tenant, user.name);
  const name = [profile?.first_name, profile?.last_name].filter(Boolean).join(' ');
  reply.send({
    sub: found.sub,
    ...(scopes.includes('profile') && {
      preferred_username: user.name,
      ...present({ name, given_name: profile?.first_name, family_name: profile?.last_name }),
    }),
    ...(km.options.rolesClaim !== '' && { [km.options.rolesClaim]: user.roles }),
    ...(scopes.includes('email') && present({ email: profile?.email })),
  });
};

/** What his identity provider said of him. */
function federatedClaims(sub: string, scopes: readonly string[], user: FederatedUser | null) {
  if (!user) throw refusal('invalid_token', 'the user is unknown', 401);
  const { email, ...others } = user.claims;
  return {
    ...(scopes.includes('profile') && { preferred_username: user.name, ...others }),
    ...(scopes.includes('email') && present({ email })),
    sub,
  };
}

const present = (claims: Readonly<Record<string, string | undefined>>) =>
  Object.fromEntries(Object.entries(claims).filter(([, value]) => value));

/** RFC 6750 section 3. */
function refusal(code: 'invalid_request' | 'invalid_token' | 'insufficient_scope', why: string, status: number) {
  const error = code === 'invalid_request' ? '' : ` error="${code}", error_description="${why}"`;
  return new OAuthError(code, why, status, { 'www-authenticate': `Bearer${error}` });
}

export const userinfo: readonly Step[] = [rejectRepeatedAuthorization, answer];
