/** What the client asks to learn by name can be asked for so (OpenID Connect Core section 5.5). */
import type { Step } from '../call.ts';
import { readClaims } from '../log-in/requested-claims.ts';
import { OAuthError } from '../oauth-error.ts';
import { responseTypeOf } from './check-response.ts';

export const checkClaims: Step = ({ form }) => {
  const { userinfo, id_token, essential } = readClaims(form);
  if (Object.keys(userinfo).length > 0 && responseTypeOf(form) === 'id_token') {
    throw new OAuthError('invalid_request', 'claims: userinfo needs an access token, which is not asked for');
  }
  // Who needs a class of authentication is not to be told less than that (section 5.5.1.1). There are none here.
  if (essential.has('acr') && id_token.acr) {
    throw new OAuthError('unmet_authentication_requirements', 'claims: no acr can be promised');
  }
};
