/** POST /oauth2/device_authorization: a device asks for the codes by which somebody can let it in (RFC 8628 section 3.1). */
import { randomBytes } from 'node:crypto';
import { insertDeviceCode, waitingDevices } from '../../adapters/stores/device-codes.ts';
import { type Step, seconds } from '../call.ts';
import { authenticateClient } from '../checks/authenticate-client.ts';
import { readClientCredentials } from '../checks/read-client-credentials.ts';
import { rejectRepeatedAuthorization } from '../checks/reject-repeated-authorization.ts';
import { rejectRepeatedParameters } from '../checks/reject-repeated-parameters.ts';
import { rememberBeginning } from '../checks/remember-beginning.ts';
import { requireActiveClient } from '../checks/require-active-client.ts';
import { mayUse } from '../clients/clients.ts';
import { newUserCode, showUserCode } from '../device/user-code.ts';
import { deviceCode } from '../grants/device-code.ts';
import { OAuthError } from '../oauth-error.ts';
import { readScope, writeScope } from '../tokens/scopes.ts';
import { tokenHash } from '../tokens/token-hash.ts';
import { newTokenId } from '../tokens/token-id.ts';

/** Devices of one client that wait at most: the codes of public clients are asked for by anybody. */
const mostWaiting = 10_000;

const requireGrant: Step = ({ client }) => {
  if (!mayUse(client, deviceCode.grantType)) {
    throw new OAuthError('unauthorized_client', `the client may not use the grant ${deviceCode.grantType}`);
  }
};

const giveCodes: Step = async ({ form, client, reply }, km) => {
  const scope = writeScope(readScope(form.get('scope')));
  const { deviceCodeValidity, deviceInterval, publicUrl } = km.options;
  const device = randomBytes(32).toString('base64url');
  const user = newUserCode();
  const now = seconds(km.clock);
  const written = await km.write(async (tx) => {
    if ((await waitingDevices(tx.db, client.consumer_key, now)) >= mostWaiting) return false;
    return insertDeviceCode(tx, {
      id: newTokenId(),
      device_hash: tokenHash(device),
      user_hash: tokenHash(user),
      consumer_key: client.consumer_key,
      scope,
      state: 'PENDING',
      subject: null,
      log_in: null,
      began_at: null,
      interval_seconds: deviceInterval,
      polled_at_ms: 0,
      expires_at: now + deviceCodeValidity,
    });
  });
  if (!written) {
    const headers = { 'retry-after': '60' };
    throw new OAuthError('temporarily_unavailable', 'too many devices of this client wait', 503, headers);
  }
  const verificationUri = `${publicUrl}/oauth2/device`;
  reply.send({
    device_code: device,
    user_code: showUserCode(user),
    verification_uri: verificationUri,
    verification_uri_complete: `${verificationUri}?user_code=${showUserCode(user)}`,
    expires_in: deviceCodeValidity,
    interval: deviceInterval,
  });
};

export const deviceAuthorization: readonly Step[] = [
  rejectRepeatedParameters,
  rejectRepeatedAuthorization,
  rememberBeginning,
  readClientCredentials,
  authenticateClient,
  requireActiveClient,
  requireGrant,
  giveCodes,
];
