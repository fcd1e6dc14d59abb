/** Client credentials in the body (RFC 6749 section 2.3.1). An id without a secret proves nothing. */
import type { ClientAuthentication } from './client-authentication.ts';

export const post: ClientAuthentication = {
  method: 'client_secret_post',
  read({ form }) {
    const id = form.get('client_id');
    const secret = form.get('client_secret');
    return secret === null ? null : { method: 'client_secret_post', id: id ?? '', secrets: [secret] };
  },
};
