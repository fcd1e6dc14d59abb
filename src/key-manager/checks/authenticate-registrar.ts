/** Who may register a client: a user who may have consumer keys, by name and password or by a token; or anybody, by option. */
import { restScopes } from '../../core/rest-scopes.ts';
import type { Call, KeyManager, Step } from '../call.ts';
import { readBasic } from '../client-auth/basic.ts';
import { logInSource } from '../log-in/log-in-source.ts';
import { OAuthError } from '../oauth-error.ts';
import { introspect } from '../tokens/introspection.ts';
import { checkPossession } from '../tokens/token-possession.ts';

/** Scope of a token, and whose roles will do. */
const scope = 'apim:subscribe';
const allowed: readonly string[] = [...(restScopes.get(scope) ?? []), 'admin'];

/** Whether a user with these roles may register clients. */
export const mayRegister = (roles: readonly string[]): boolean => roles.some((role) => allowed.includes(role));

export const authenticateRegistrar: Step = async (call, km) => {
  const { authorization } = call.request.headers;
  if (authorization === undefined && km.options.openRegistration) return;
  const basic = readBasic(authorization ?? '');
  const user = basic
    ? await km.users.verify(basic.name, basic.password, logInSource(km, call.request, 'stranger'))
    : await userOfToken(call, km);
  if (!user)
    throw refusal(km, 'invalid_token', 401, 'a user has to authenticate itself, with Basic or an access token');
  if (!mayRegister(user.roles)) {
    throw new OAuthError('access_denied', `registration needs one of the roles ${allowed.join(', ')}`, 403);
  }
  call.user = user;
};

async function userOfToken({ request }: Call, km: KeyManager) {
  const token = /^Bearer +([\w\-.~+/]+=*) *$/i.exec(request.headers.authorization ?? '')?.[1];
  const found = token === undefined ? null : await introspect(km, token);
  if (token === undefined || !found) return null;
  await checkPossession(km, request, { token, found, scheme: 'Bearer' });
  if (!found.scope.split(' ').includes(scope)) {
    throw refusal(km, 'insufficient_scope', 403, `the access token has not the scope ${scope}`);
  }
  return km.users.find(found.sub);
}

function refusal(
  km: KeyManager,
  code: 'invalid_token' | 'insufficient_scope',
  status: number,
  why: string,
): OAuthError {
  const realm = `realm="${new URL(km.options.publicUrl).hostname}"`;
  return new OAuthError(code, why, status, { 'www-authenticate': `Bearer ${realm}, error="${code}", Basic ${realm}` });
}
