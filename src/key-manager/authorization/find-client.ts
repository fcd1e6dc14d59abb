/** Who asks. As long as that is not known, nobody is sent anywhere (RFC 6749 section 4.1.2.1). */
import type { Step } from '../call.ts';
import { OAuthError } from '../oauth-error.ts';

export const findClient: Step = async (call, km) => {
  const client = await km.clients.find(call.form.require('client_id'), call.began.version);
  if (client?.state !== 'ACTIVE') {
    throw new OAuthError('invalid_client', 'no application with this client_id is registered here');
  }
  call.client = client;
};
