/** What the client wants, and in which form. */
import type { IssuerOptions, Step } from '../call.ts';
import { mayUse } from '../clients/clients.ts';
import type { Form } from '../form.ts';
import { OAuthError } from '../oauth-error.ts';
import { type AuthorizationAnswer, type ResponseMode, responseModes } from './answer.ts';

export const checkResponseMode: Step = (call) => {
  const mode = call.form.get('response_mode');
  const tokens = namesTokens(call.form);
  // What is worth something by itself stands in no query, which servers see and keep (Multiple Response Types section 3).
  if (tokens) call.answerTo = { ...(call.answerTo as AuthorizationAnswer), mode: 'fragment' };
  if (mode === null) return;
  const possible: readonly string[] = tokens ? responseModes.filter((one) => one !== 'query') : responseModes;
  if (!possible.includes(mode)) {
    throw new OAuthError('invalid_request', `response_mode: expected one of ${possible.join(', ')}`);
  }
  call.answerTo = { ...(call.answerTo as AuthorizationAnswer), mode: mode as ResponseMode };
};

/** What can be asked for: a code, or, where an option allows it, tokens (RFC 6749 section 4.2; OpenID Connect Core section 3.2). */
export const responseTypes = ({ allowImplicit }: Pick<IssuerOptions, 'allowImplicit'>): readonly string[] =>
  allowImplicit ? ['code', 'token', 'id_token', 'id_token token'] : ['code'];

export const checkResponseType: Step = ({ form, client }, { options }) => {
  const possible = responseTypes(options);
  if (!possible.includes(responseTypeOf(form))) {
    throw new OAuthError('unsupported_response_type', `response_type: expected ${possible.join(' or ')}`);
  }
  const grantType = wantsCode(form) ? 'authorization_code' : 'implicit';
  if (!mayUse(client, grantType)) {
    throw new OAuthError('unauthorized_client', `the client may not use the grant ${grantType}`);
  }
};

/** Its names in alphabetical order, for their order means nothing. */
export const responseTypeOf = (form: Form): string => form.require('response_type').split(' ').sort().join(' ');

export const wantsCode = (form: Form): boolean => responseTypeOf(form) === 'code';

const namesTokens = (form: Form): boolean =>
  (form.get('response_type') ?? '').split(' ').some((one) => one === 'token' || one === 'id_token');

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
