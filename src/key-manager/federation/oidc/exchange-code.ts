/** The code for tokens (OpenID Connect Core section 3.1.3). */
import { fetchBounded } from '../../../adapters/outbound/fetch-bounded.ts';
import { clientSecretPurpose, type IdentityProvider, type OpenIdClient } from '../../../core/identity-provider.ts';
import type { KeyManager } from '../../call.ts';
import { jsonObject } from './json-object.ts';
import type { OpenIdProvider } from './read-metadata.ts';
import { refuse, unavailable } from './refuse.ts';

export interface UpstreamTokens {
  readonly idToken: string;
  readonly accessToken: string;
}

export async function exchangeCode(
  km: KeyManager,
  provider: IdentityProvider,
  { tokenEndpoint, takesBasic }: OpenIdProvider,
  grant: { readonly code: string; readonly redirect_uri: string; readonly code_verifier: string },
): Promise<UpstreamTokens> {
  const { id, name, oidc } = provider;
  const { clientId, clientSecret } = oidc as OpenIdClient;
  const secret = clientSecret === '' ? null : km.seal.open(clientSecret, clientSecretPurpose, id);
  const inHeader = secret !== null && takesBasic;
  const form = new URLSearchParams({
    grant_type: 'authorization_code',
    ...grant,
    ...(inHeader ? {} : { client_id: clientId, ...(secret !== null && { client_secret: secret }) }),
  });
  const answer = await fetchBounded(
    new URL(tokenEndpoint),
    {
      method: 'POST',
      headers: {
        accept: 'application/json',
        'content-type': 'application/x-www-form-urlencoded',
        ...(inHeader && { authorization: basic(clientId, secret) }),
      },
      body: form.toString(),
    },
    km.privateAddresses,
  ).catch((error) => unavailable(km, provider, 'tokens', error));
  const { error, id_token, access_token } = jsonObject(answer.text) ?? {};
  if (answer.status !== 200) {
    const said = typeof error === 'string' ? error.slice(0, 100) : '';
    km.log.warn({ provider: name, status: answer.status, error: said }, 'an identity provider refuses a code');
    if (answer.status >= 500) return unavailable(km, provider, 'tokens', new Error(`answered ${answer.status}`));
    return refuse('the provider takes its own code back, or does not know us');
  }
  if (typeof id_token !== 'string' || typeof access_token !== 'string') {
    return refuse('the provider gives no id token and access token');
  }
  return { idToken: id_token, accessToken: access_token };
}

/** RFC 6749 section 2.3.1: both parts are encoded as in a form first. */
function basic(id: string, secret: string): string {
  const encode = (text: string) => new URLSearchParams([['', text]]).toString().slice(1);
  return `Basic ${Buffer.from(`${encode(id)}:${encode(secret)}`).toString('base64')}`;
}
