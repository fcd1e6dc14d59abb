/** Client credentials in the body (RFC 6749 section 2.3.1). An id without a secret proves nothing. */
import { verifySecret } from '../../adapters/key-managers/built-in.ts';
import type { ClientAuthentication } from './client-authentication.ts';

export const post: ClientAuthentication = {
  method: 'client_secret_post',
  read({ form }) {
    const id = form.get('client_id');
    const secret = form.get('client_secret');
    if (secret === null) return null;
    return {
      method: 'client_secret_post',
      id: id ?? '',
      verify: (client, { seal }) => verifySecret(seal, client, secret),
    };
  },
};
