/** OpenID Connect Core 1.0: the authorization code flow with PKCE, and we are the client. */
import { createHash } from 'node:crypto';
import { callbackPath, type IdentityProvider, type OpenIdClient } from '../../../core/identity-provider.ts';
import type { KeyManager } from '../../call.ts';
import { type Away, patience } from '../away.ts';
import type { Upstream } from '../upstream.ts';
import { askUserInfo } from './ask-user-info.ts';
import { checkAnswer } from './check-answer.ts';
import { exchangeCode } from './exchange-code.ts';
import { askMetadata, findProvider } from './find-provider.ts';
import { joinClaims } from './join-claims.ts';
import { readIdentity } from './read-identity.ts';
import { verifyIdToken } from './verify-id-token.ts';

export const oidc: Upstream = {
  protocol: 'oidc',
  stateParameter: 'state',

  problem: (km, { entityId }) =>
    askMetadata(km, entityId).then(
      () => null,
      (error: Error) => error.message,
    ),

  async begin(km, provider, away) {
    const { authorizationEndpoint } = await findProvider(km, provider);
    const { clientId, scopes } = provider.oidc as OpenIdClient;
    const url = new URL(authorizationEndpoint);
    const parameters = {
      response_type: 'code',
      client_id: clientId,
      redirect_uri: redirectUri(km, provider),
      scope: scopes.join(' '),
      ...{ state: away.state, nonce: away.nonce },
      code_challenge: createHash('sha256').update(away.verifier).digest('base64url'),
      code_challenge_method: 'S256',
      ...wishes(away),
    };
    for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, value);
    return url.href;
  },

  async finish({ form }, km, provider, away) {
    const upstream = await findProvider(km, provider);
    const code = checkAnswer(form, upstream);
    const tokens = await exchangeCode(km, provider, upstream, {
      code,
      redirect_uri: redirectUri(km, provider),
      code_verifier: away.verifier,
    });
    const idToken = await verifyIdToken(km, provider, upstream, tokens, away);
    const info = await askUserInfo(km, provider, upstream, tokens.accessToken, idToken.sub);
    return {
      ...readIdentity(provider, joinClaims(idToken, info)),
      endsAt: null,
      // Whoever shows the same answer again shows this.
      once: { issuer: provider.entityId, id: away.nonce, expiresAt: away.sentAt + patience },
    };
  },
};

/** One for each provider, so that what one says is never taken for another's word (RFC 9700 section 4.4.2.2). */
const redirectUri = ({ options }: KeyManager, { name }: IdentityProvider): string =>
  options.publicUrl + callbackPath(name);

/** `max_age` has the provider say when the user logged in, so that it can be seen whether he did. */
function wishes({ from }: Away): Record<string, string> {
  const { fresh = false, somebodyElse = false, maxAge = null, hint = null } = from.asked ?? {};
  const longest = fresh ? 0 : maxAge;
  return {
    ...((fresh || somebodyElse) && { prompt: 'login' }),
    ...(longest !== null && { max_age: String(longest) }),
    ...(hint !== null && { login_hint: hint }),
  };
}
