/** Scope and nonce have the form that they may have. */
import type { Step } from '../call.ts';
import { OAuthError } from '../oauth-error.ts';
import { readScope } from '../tokens/scopes.ts';
import { responseTypeOf } from './check-response.ts';

const longestNonce = 512;

export const checkScope: Step = ({ form }) => {
  const scopes = readScope(form.get('scope'));
  if (responseTypeOf(form).startsWith('id_token')) {
    if (!scopes.includes('openid')) throw new OAuthError('invalid_request', 'scope: an id token needs openid');
    // Nothing else ties it to the request (OpenID Connect Core section 3.2.2.1).
    if (form.get('nonce') === null) throw new OAuthError('invalid_request', 'missing parameter: nonce');
  }
  if ((form.get('nonce')?.length ?? 0) > longestNonce) {
    throw new OAuthError('invalid_request', `nonce: expected at most ${longestNonce} characters`);
  }
};
