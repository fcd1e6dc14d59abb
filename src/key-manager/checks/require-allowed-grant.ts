/** The client may use the grant. */
import type { Step } from '../call.ts';
import { mayUse } from '../clients.ts';
import { OAuthError } from '../oauth-error.ts';

export const requireAllowedGrant: Step = ({ client, grant }) => {
  if (!mayUse(client, grant.grantType)) {
    throw new OAuthError('unauthorized_client', `the client may not use the grant ${grant.grantType}`);
  }
};
