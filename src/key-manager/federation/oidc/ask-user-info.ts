/** What the provider says of the user beyond the id token (OpenID Connect Core section 5.3). */
import { fetchBounded } from '../../../adapters/outbound/fetch-bounded.ts';
import type { IdentityProvider } from '../../../core/identity-provider.ts';
import type { KeyManager } from '../../call.ts';
import { jsonObject } from './json-object.ts';
import type { OpenIdProvider } from './read-metadata.ts';
import { refuse, unavailable } from './refuse.ts';

/** @param sub of the id token: that of anybody else would put his claims into another one's place (section 5.3.2) */
export async function askUserInfo(
  km: KeyManager,
  provider: IdentityProvider,
  { userinfoEndpoint }: OpenIdProvider,
  accessToken: string,
  sub: string,
): Promise<Readonly<Record<string, unknown>>> {
  if (!provider.oidc?.userInfo || userinfoEndpoint === null) return {};
  const headers = { accept: 'application/json', authorization: `Bearer ${accessToken}` };
  const { status, text } = await fetchBounded(new URL(userinfoEndpoint), { headers }, km.privateAddresses).catch(
    (error) => unavailable(km, provider, 'user info', error),
  );
  if (status !== 200)
    return unavailable(km, provider, 'user info', new Error(`answered ${status} where 200 was expected`));
  // A signed one would be a JWT, which we have not asked for.
  const claims = jsonObject(text);
  if (claims?.sub !== sub) return refuse('user info is of somebody else');
  return claims;
}
