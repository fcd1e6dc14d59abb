/** Not two Authorization fields: Node drops all but the first, and who stands before us may go by another one. */
import type { Step } from '../call.ts';
import { OAuthError } from '../oauth-error.ts';

export const rejectRepeatedAuthorization: Step = ({ request }) => {
  const names = request.raw.rawHeaders.filter((_, at) => at % 2 === 0);
  if (names.filter((name) => name.toLowerCase() === 'authorization').length > 1) {
    throw new OAuthError('invalid_request', 'repeated header: Authorization');
  }
};
