/** The grant that the request asks for. */
import type { Step } from '../call.ts';
import { OAuthError } from '../oauth-error.ts';

export const selectGrant: Step = (call, { grants }) => {
  const grantType = call.form.require('grant_type');
  const grant = grants.get(grantType);
  if (!grant) {
    throw new OAuthError(
      'unsupported_grant_type',
      `unsupported grant_type; supported are ${[...grants.keys()].join(', ')}`,
    );
  }
  call.grant = grant;
};
