/** POST /oauth2/introspect (RFC 7662), answered in JSON or signed (RFC 9701). */

import type { Step } from '../call.ts';
import { authenticateIntrospector } from '../checks/authenticate-introspector.ts';
import { readClientCredentials } from '../checks/read-client-credentials.ts';
import { rejectRepeatedAuthorization } from '../checks/reject-repeated-authorization.ts';
import { rejectRepeatedParameters } from '../checks/reject-repeated-parameters.ts';
import { rememberBeginning } from '../checks/remember-beginning.ts';
import { introspect as examine, hasExpired } from '../tokens/introspection.ts';
import { asksForSigned, signedIntrospectionType, signIntrospection } from '../tokens/signed-introspection.ts';

const answer: Step = async (call, km) => {
  const token = call.form.require('token');
  const found = await examine(km, token, call.began);
  const gateway = km.isEnrolledGateway(call.request);
  // A client learns nothing of tokens of others, not even that they are alive (section 4).
  const visible = found !== null && (gateway || !call.hasClient || call.client.consumer_key === found.client_id);
  if (asksForSigned(call.request.headers.accept)) {
    const signed = await signIntrospection(call, km, visible ? found : { active: false });
    return void call.reply.type(signedIntrospectionType).send(signed);
  }
  if (visible) return void call.reply.send(found);
  // Why a token is not active is nobody's business (section 2.2) but a gateway's, which tells its bearer to renew it.
  const expired = gateway && (await hasExpired(km, token, call.began));
  call.reply.send(expired ? { active: false, expired } : { active: false });
};

export const introspect: readonly Step[] = [
  rejectRepeatedParameters,
  rejectRepeatedAuthorization,
  rememberBeginning,
  readClientCredentials,
  authenticateIntrospector,
  answer,
];
