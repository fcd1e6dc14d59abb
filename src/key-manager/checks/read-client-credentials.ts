/** At most one method of client authentication in a request (RFC 6749 section 2.3). */
import type { Step } from '../call.ts';
import { clientAuthentications } from '../client-auth/index.ts';
import { OAuthError } from '../oauth-error.ts';

export const readClientCredentials: Step = (call) => {
  const shown = clientAuthentications.map((method) => method.read(call)).filter((one) => one !== null);
  if (shown.length > 1) {
    const methods = shown.map((one) => one.method).join(' and ');
    throw new OAuthError('invalid_request', `more than one method of client authentication: ${methods}`);
  }
  call.credentials = shown[0] ?? null;
  const named = call.form.get('client_id');
  if (call.credentials?.id && named !== null && named !== call.credentials.id) {
    throw new OAuthError('invalid_request', 'client_id is not the client that authenticates itself');
  }
};
