/** The browser is sent back to where the client has registered, and nowhere else (RFC 9700 section 4.1.3). */
import type { Call, Step } from '../call.ts';
import { redirectUrisOf } from '../clients/client-metadata.ts';
import { OAuthError } from '../oauth-error.ts';
import { readScope } from '../tokens/scopes.ts';

export const checkRedirectUri: Step = (call) => {
  call.answerTo = { redirectUri: redirectUri(call), mode: 'query', state: call.form.get('state') };
};

function redirectUri({ form, client }: Call): string {
  const registered = redirectUrisOf(client);
  const asked = form.get('redirect_uri');
  if (asked === null) {
    const [only] = registered;
    // OpenID Connect Core section 3.1.2.1 wants it named.
    if (registered.length === 1 && only !== undefined && !readScope(form.get('scope')).includes('openid')) return only;
    throw new OAuthError('invalid_request', 'missing parameter: redirect_uri');
  }
  if (!registered.some((one) => isSame(one, asked))) {
    throw new OAuthError('invalid_request', 'the redirect_uri of this request is not registered for the application');
  }
  return asked;
}

const loopback = /^(http:\/\/(?:127\.0\.0\.1|\[::1\]))(?::\d{1,5})?(\/.*)?$/;

/** Byte for byte. An app on the user's machine takes whatever port is free (RFC 8252 section 7.3). */
function isSame(registered: string, asked: string): boolean {
  if (registered === asked) return true;
  const [mine, theirs] = [loopback.exec(registered), loopback.exec(asked)];
  return mine !== null && theirs !== null && mine[1] === theirs[1] && (mine[2] ?? '') === (theirs[2] ?? '');
}
