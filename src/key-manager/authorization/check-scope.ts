/** Scope and nonce have the form that they may have. */
import type { Step } from '../call.ts';
import { OAuthError } from '../oauth-error.ts';
import { readScope } from '../scopes.ts';

const longestNonce = 512;

export const checkScope: Step = ({ form }) => {
  readScope(form.get('scope'));
  if ((form.get('nonce')?.length ?? 0) > longestNonce) {
    throw new OAuthError('invalid_request', `nonce: expected at most ${longestNonce} characters`);
  }
};
