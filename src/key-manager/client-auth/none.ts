/** A public client only says who it is (RFC 6749 section 2.1): what it presents has to be worth nothing to others. */
import { isPublic } from '../client-metadata.ts';
import type { ClientAuthentication } from './client-authentication.ts';

export const none: ClientAuthentication = {
  method: 'none',
  read({ request, form }) {
    const id = form.get('client_id');
    const showsMore = request.headers.authorization !== undefined || form.get('client_secret') !== null;
    return id === null || showsMore ? null : { method: 'none', id, verify: isPublic };
  },
};
