/** The client is who it says (RFC 6749 section 2.3). */
import { verifySecret } from '../../adapters/key-managers/built-in.ts';
import { findClient } from '../../adapters/stores/clients.ts';
import type { KeyManager, Step } from '../call.ts';
import { invalidClient, type OAuthError } from '../oauth-error.ts';

export const authenticateClient: Step = async (call, km) => {
  if (!call.credentials) {
    throw refusal(km, 'the client has to authenticate itself: Basic, or client_id and client_secret in the body');
  }
  const { id, secrets } = call.credentials;
  const client = await findClient(km.store.db, id);
  if (!client || !secrets.some((secret) => verifySecret(km.seal, client, secret))) {
    throw refusal(km, 'unknown client, or wrong secret');
  }
  call.client = client;
};

export function refusal(km: KeyManager, description: string): OAuthError {
  return invalidClient(new URL(km.options.publicUrl).hostname, description);
}
