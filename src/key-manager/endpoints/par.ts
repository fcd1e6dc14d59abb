/** POST /oauth2/par: a client pushes a request for authorization, and gets a name for it (RFC 9126). */
import { readDpopKey } from '../authorization/check-dpop-key.ts';
import { keepRequest } from '../authorization/pushed-request.ts';
import { requestChecks } from '../authorization/request-checks.ts';
import type { Step } from '../call.ts';
import { authenticateClient } from '../checks/authenticate-client.ts';
import { readClientCredentials } from '../checks/read-client-credentials.ts';
import { rejectRepeatedAuthorization } from '../checks/reject-repeated-authorization.ts';
import { rejectRepeatedParameters } from '../checks/reject-repeated-parameters.ts';
import { rememberBeginning } from '../checks/remember-beginning.ts';
import { requireActiveClient } from '../checks/require-active-client.ts';
import { OAuthError } from '../oauth-error.ts';

/** Of the parameters together: a public client may push too, and what is pushed is kept. */
const longest = 8192;
/** What the client showed for itself is not part of the request. */
const credentials = ['client_secret', 'client_assertion', 'client_assertion_type'];

/** A request can't be the name of another one (section 2.1). */
const refuseRequestUri: Step = ({ form }) => {
  if (form.get('request_uri') !== null) throw new OAuthError('invalid_request', 'request_uri can not be pushed');
};

const push: Step = async ({ form, client, reply }, km) => {
  const parameters = form.without(credentials).with('client_id', client.consumer_key);
  if (parameters.toString().length > longest) {
    throw new OAuthError('invalid_request', `the request has more than ${longest} characters`, 413);
  }
  const request_uri = await keepRequest(km, client, parameters);
  reply.code(201).send({ request_uri, expires_in: km.options.pushedRequestValidity });
};

export const par: readonly Step[] = [
  rejectRepeatedParameters,
  rejectRepeatedAuthorization,
  rememberBeginning,
  readClientCredentials,
  authenticateClient,
  requireActiveClient,
  refuseRequestUri,
  ...requestChecks,
  readDpopKey,
  push,
];
