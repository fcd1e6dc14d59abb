/** POST /oauth2/revoke (RFC 7009). Answered when the revocation is committed. */

import type { Step } from '../call.ts';
import { authenticateClient } from '../checks/authenticate-client.ts';
import { readClientCredentials } from '../checks/read-client-credentials.ts';
import { rejectRepeatedAuthorization } from '../checks/reject-repeated-authorization.ts';
import { rejectRepeatedParameters } from '../checks/reject-repeated-parameters.ts';
import { rememberBeginning } from '../checks/remember-beginning.ts';
import { requireActiveClient } from '../checks/require-active-client.ts';
import { OAuthError } from '../oauth-error.ts';

/** A JWT with many subscriptions could make the head of the answer longer than clients take. */
const longestHeader = 4096;

const revokeToken: Step = async ({ form, client, reply }, km) => {
  // `token_type_hint` is only an optimisation (section 2.1); all kinds are looked for anyway.
  const token = form.require('token');
  const revoked = await km.revoker.revoke(token, client.consumer_key);
  if (revoked.outcome === 'foreign') {
    throw new OAuthError('unauthorized_client', 'the token was issued to another client', 401);
  }
  if (revoked.outcome === 'revoked') {
    // For clients of WSO2 API Manager. A token appears only if the client itself has just sent it.
    const header = revoked.kind === 'access' ? 'RevokedAccessToken' : 'RevokedRefreshToken';
    if (token.length <= longestHeader) reply.header(header, token);
    reply.header('AuthorizedUser', encodeURI(revoked.subject));
  }
  reply.code(200).send();
};

export const revoke: readonly Step[] = [
  rejectRepeatedParameters,
  rejectRepeatedAuthorization,
  rememberBeginning,
  readClientCredentials,
  authenticateClient,
  requireActiveClient,
  revokeToken,
];
