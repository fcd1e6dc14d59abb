/** A public client only says who it is (RFC 6749 section 2.1): what it presents has to be worth nothing to others. */
import { isPublic } from '../clients/client-metadata.ts';
import type { ClientAuthentication } from './client-authentication.ts';

export const none: ClientAuthentication = {
  method: 'none',
  read({ request, form }) {
    const id = form.get('client_id');
    const others = ['client_secret', 'client_assertion', 'client_assertion_type'];
    const showsMore = request.headers.authorization !== undefined || others.some((name) => form.get(name) !== null);
    return id === null || showsMore ? null : { method: 'none', id, verify: isPublic };
  },
};
