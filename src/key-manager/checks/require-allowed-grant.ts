/** The client may use the grant. */
import type { Step } from '../call.ts';
import { isPublic } from '../clients/client-metadata.ts';
import { mayUse } from '../clients/clients.ts';
import { OAuthError } from '../oauth-error.ts';

export const requireAllowedGrant: Step = ({ client, grant }) => {
  if (!mayUse(client, grant.grantType)) {
    throw new OAuthError('unauthorized_client', `the client may not use the grant ${grant.grantType}`);
  }
  // It proves nothing, so it can have no token for itself (RFC 6749 section 4.4).
  if (grant.grantType === 'client_credentials' && isPublic(client)) {
    throw new OAuthError('unauthorized_client', 'a public client has no token of its own');
  }
};
