/** GET and POST /oauth2/userinfo: who the bearer's user is (OpenID Connect Core section 5.3). */
import type { Step } from '../call.ts';
import { rejectRepeatedAuthorization } from '../checks/reject-repeated-authorization.ts';
import type { AskedClaims } from '../log-in/requested-claims.ts';
import { claimsFor, userClaims } from '../log-in/user-claims.ts';
import { OAuthError } from '../oauth-error.ts';
import { findToken } from '../tokens/introspection.ts';
import { rolesOf } from '../tokens/roles.ts';
import { checkPossession } from '../tokens/token-possession.ts';

const answer: Step = async ({ request, reply }, km) => {
  const [, scheme = '', token] = /^(Bearer|DPoP) +([\w\-.~+/]+=*) *$/i.exec(request.headers.authorization ?? '') ?? [];
  if (token === undefined) throw refusal('invalid_request', 'expected an access token: Authorization: Bearer', 401);
  const live = await findToken(km, token);
  if (!live) throw refusal('invalid_token', 'the access token is unknown, expired or revoked', 401);
  const { found, row } = live;
  await checkPossession(km, request, { token, found, scheme });
  const scopes = found.scope.split(' ');
  if (!scopes.includes('openid') || found.aut !== 'APPLICATION_USER') {
    throw refusal('insufficient_scope', 'the access token of a user with the scope openid is needed', 403);
  }
  const claims = await userClaims(km, found.sub);
  if (!claims) throw refusal('invalid_token', 'the user is unknown', 401);
  const asked = row.claims === null ? {} : (JSON.parse(row.claims) as AskedClaims);
  const { rolesClaim } = km.options;
  reply.send({
    ...claimsFor(claims, scopes, asked),
    ...(rolesClaim !== '' && { [rolesClaim]: await rolesOf(km, found.sub) }),
    sub: found.sub,
  });
};

/** RFC 6750 section 3. */
function refusal(code: 'invalid_request' | 'invalid_token' | 'insufficient_scope', why: string, status: number) {
  const error = code === 'invalid_request' ? '' : ` error="${code}", error_description="${why}"`;
  return new OAuthError(code, why, status, { 'www-authenticate': `Bearer${error}` });
}

export const userinfo: readonly Step[] = [rejectRepeatedAuthorization, answer];
