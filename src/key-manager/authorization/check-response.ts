/** What the client wants, and in which form. */
import type { Step } from '../call.ts';
import { mayUse } from '../clients.ts';
import { OAuthError } from '../oauth-error.ts';
import { type AuthorizationAnswer, type ResponseMode, responseModes } from './answer.ts';

export const checkResponseMode: Step = (call) => {
  const mode = call.form.get('response_mode');
  if (mode === null) return;
  if (!(responseModes as readonly string[]).includes(mode)) {
    throw new OAuthError('invalid_request', `response_mode: expected one of ${responseModes.join(', ')}`);
  }
  call.answerTo = { ...(call.answerTo as AuthorizationAnswer), mode: mode as ResponseMode };
};

/** A code (RFC 6749 section 4.1.1); nothing else is safe in the address of a browser (RFC 9700 section 2.1.2). */
export const checkResponseType: Step = ({ form, client }) => {
  if (form.require('response_type') !== 'code') {
    throw new OAuthError('unsupported_response_type', 'response_type: expected code');
  }
  if (!mayUse(client, 'authorization_code')) {
    throw new OAuthError('unauthorized_client', 'the client may not use the grant authorization_code');
  }
};

/** Requests in objects of their own (RFC 9101), and registration on the fly, which OpenID Connect Core section 3.1.2.6 has names for. */
export const refuseRequestObjects: Step = ({ form }) => {
  if (form.get('request') !== null) throw new OAuthError('request_not_supported', 'request is not supported');
  if (form.get('request_uri') !== null) {
    throw new OAuthError('request_uri_not_supported', 'request_uri is not supported');
  }
  if (form.get('registration') !== null) {
    throw new OAuthError('registration_not_supported', 'registration is not supported');
  }
};
