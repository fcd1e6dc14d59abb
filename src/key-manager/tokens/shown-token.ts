/** An access token that somebody shows to a REST API, as a bearer. */
import type { FastifyRequest } from 'fastify';
import { RestError } from '../../platform/rest-error.ts';
import type { KeyManager } from '../call.ts';
import { OAuthError } from '../oauth-error.ts';
import { type Introspection, introspect } from './introspection.ts';
import { checkPossession } from './token-possession.ts';

/** As `introspect`. @throws RestError 401 when the token is bound to a key that the request does not prove */
export async function introspectShown(
  km: KeyManager,
  token: string,
  request: FastifyRequest,
): Promise<Introspection | null> {
  const found = await introspect(km, token);
  if (!found) return null;
  // REST APIs take no proofs, so nobody could show that such a token is his.
  if (found.cnf?.jkt !== undefined) {
    const why = 'the access token is bound to a key (DPoP); REST APIs take those that are not';
    throw refusal(why, { 'www-authenticate': `Bearer realm="Postern", error="invalid_token"` });
  }
  await checkPossession(km, request, { token, found, scheme: 'Bearer' }).catch((error) => {
    throw error instanceof OAuthError ? refusal(error.message, error.headers) : error;
  });
  return found;
}

const refusal = (why: string, headers: Readonly<Record<string, string>>): RestError =>
  new RestError(401, `${why[0]?.toUpperCase()}${why.slice(1)}.`, [], headers);
