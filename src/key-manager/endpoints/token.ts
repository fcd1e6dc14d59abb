/** POST /oauth2/token: tokens for grants (RFC 6749 section 3.2). The order of the steps decides which error comes first. */

import { type Step, seconds } from '../call.ts';
import { authenticateClient } from '../checks/authenticate-client.ts';
import { readClientCredentials } from '../checks/read-client-credentials.ts';
import { rejectRepeatedParameters } from '../checks/reject-repeated-parameters.ts';
import { requireActiveClient } from '../checks/require-active-client.ts';
import { requireAllowedGrant } from '../checks/require-allowed-grant.ts';
import { selectGrant } from '../checks/select-grant.ts';
import { expiresIn } from '../times.ts';

const runGrant: Step = async ({ form, client, grant, reply }, km) => {
  const { access, refreshToken, scope } = await grant.handle({ form: form.only(grant.parameters), client }, km);
  reply.send({
    access_token: access.value,
    ...(refreshToken === null ? {} : { refresh_token: refreshToken }),
    scope,
    token_type: 'Bearer',
    expires_in: expiresIn(access.expiresAt, seconds(km.clock), km.options),
  });
};

export const token: readonly Step[] = [
  rejectRepeatedParameters,
  readClientCredentials,
  selectGrant,
  authenticateClient,
  requireActiveClient,
  requireAllowedGrant,
  runGrant,
];
