/** No parameter twice: two components could each believe another one of them (RFC 6749 section 3.2). */
import type { Step } from '../call.ts';
import { OAuthError } from '../oauth-error.ts';

export const rejectRepeatedParameters: Step = ({ form }) => {
  const [name] = form.repeated;
  if (name !== undefined) throw new OAuthError('invalid_request', `repeated parameter: ${name}`);
};
