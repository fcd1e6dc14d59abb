/** What a client is told of its registration (RFC 7591 section 3.2.1, RFC 7592 section 3). */
import type { ClientRow } from '../../adapters/stores/clients.ts';
import type { KeyManager } from '../call.ts';
import { metadataOf } from '../clients/client-metadata.ts';

/** Methods by which a client shows its secret. */
const withSecret: readonly (string | undefined)[] = [undefined, 'client_secret_basic', 'client_secret_post'];

/**
 * @param secret null = it can not be shown again
 * @param registrationToken of the client, which it shows when it manages its registration
 */
export function describeClient(
  km: KeyManager,
  client: ClientRow,
  { secret, registrationToken }: { readonly secret: string | null; readonly registrationToken: string },
): object {
  const metadata = metadataOf(client);
  const grantTypes = client.grant_types.split(' ').filter((name) => name !== '');
  const hasSecret = withSecret.includes(metadata.token_endpoint_auth_method) && secret !== null;
  return {
    client_id: client.consumer_key,
    client_id_issued_at: client.created_at,
    ...(hasSecret && { client_secret: secret, client_secret_expires_at: 0 }),
    registration_access_token: registrationToken,
    registration_client_uri: `${km.options.publicUrl}/oauth2/register/${client.consumer_key}`,
    client_name: client.name,
    token_endpoint_auth_method: 'client_secret_basic',
    ...metadata,
    grant_types: grantTypes,
    response_types: grantTypes.includes('authorization_code') ? ['code'] : [],
  };
}
