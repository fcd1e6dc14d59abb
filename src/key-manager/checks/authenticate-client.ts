/** The client is who it says (RFC 6749 section 2.3). */
import type { KeyManager, Step } from '../call.ts';
import { connectionAuthentications } from '../client-auth/mutual-tls.ts';
import { metadataOf } from '../clients/client-metadata.ts';
import { invalidClient, type OAuthError } from '../oauth-error.ts';

/** For a client that has registered no method. */
const usual = ['client_secret_basic', 'client_secret_post'];

export const authenticateClient: Step = async (call, km) => {
  if (!call.credentials) {
    throw refusal(km, 'the client has to authenticate itself: Basic, or client_id and client_secret in the body');
  }
  const { id, method, verify } = call.credentials;
  const client = await km.clients.find(id, call.began.version);
  const only = client && metadataOf(client).token_endpoint_auth_method;
  const fits = only === undefined ? usual.includes(method) : only === method;
  // Of a client that shows nothing but its name the connection may show more.
  const byConnection = method === 'none' ? connectionAuthentications.find((one) => one.method === only) : undefined;
  const good = client && (byConnection ? byConnection.verify(km, client, call.request) : fits && verify(client, km));
  if (!client || !(await good)) throw refusal(km, 'unknown client, or wrong secret');
  call.client = client;
};

export function refusal(km: KeyManager, description: string): OAuthError {
  return invalidClient(new URL(km.options.publicUrl).hostname, description);
}
