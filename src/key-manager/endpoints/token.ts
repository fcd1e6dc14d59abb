/** POST /oauth2/token: tokens for grants (RFC 6749 section 3.2). The order of the steps decides which error comes first. */

import { type Step, seconds } from '../call.ts';
import { authenticateClient } from '../checks/authenticate-client.ts';
import { provePossession } from '../checks/prove-possession.ts';
import { readClientCredentials } from '../checks/read-client-credentials.ts';
import { rejectRepeatedAuthorization } from '../checks/reject-repeated-authorization.ts';
import { rejectRepeatedParameters } from '../checks/reject-repeated-parameters.ts';
import { rememberBeginning } from '../checks/remember-beginning.ts';
import { requireActiveClient } from '../checks/require-active-client.ts';
import { requireAllowedGrant } from '../checks/require-allowed-grant.ts';
import { selectGrant } from '../checks/select-grant.ts';
import { logInSource } from '../log-in/log-in-source.ts';
import { tokenType } from '../tokens/confirmation.ts';
import { expiresIn } from '../tokens/times.ts';

const runGrant: Step = async ({ request, form, client, grant, reply, began, confirmation }, km) => {
  const source = logInSource(km, request, 'authenticated client');
  const asked = {
    form: form.only(grant.parameters),
    client,
    source,
    beganAt: began.revokedAll,
    storeAt: began.number,
    confirmation,
  };
  const { access, refreshToken, scope, idToken, issuedTokenType } = await grant.handle(asked, km);
  reply.send({
    access_token: access.value,
    ...(refreshToken === null ? {} : { refresh_token: refreshToken }),
    scope,
    token_type: tokenType(confirmation),
    expires_in: expiresIn(access.expiresAt, seconds(km.clock), km.options),
    ...(idToken === undefined ? {} : { id_token: idToken }),
    ...(issuedTokenType === undefined ? {} : { issued_token_type: issuedTokenType }),
  });
};

export const token: readonly Step[] = [
  rejectRepeatedParameters,
  rejectRepeatedAuthorization,
  rememberBeginning,
  readClientCredentials,
  selectGrant,
  authenticateClient,
  requireActiveClient,
  requireAllowedGrant,
  provePossession,
  runGrant,
];
