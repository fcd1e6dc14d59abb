/** The provider as it describes itself. */
import type { IdentityProvider } from '../../../core/identity-provider.ts';
import type { KeyManager } from '../../call.ts';
import { metadataUrl, type OpenIdProvider } from './read-metadata.ts';
import { unavailable } from './refuse.ts';

/** @throws OAuthError temporarily_unavailable */
export function findProvider(km: KeyManager, provider: IdentityProvider): Promise<OpenIdProvider> {
  return askMetadata(km, provider.entityId).catch((error) => unavailable(km, provider, 'metadata', error));
}

/** @throws Error that names the address, and says what is wrong there */
export async function askMetadata(km: KeyManager, issuer: string): Promise<OpenIdProvider> {
  const url = metadataUrl(issuer);
  const found = await km.openIdProviders.get(url);
  // Discovery section 4.3: else somebody could speak for another one.
  if (found.issuer === issuer) return found;
  throw new Error(`${url}: the issuer is ${JSON.stringify(found.issuer)}, expected ${JSON.stringify(issuer)}`);
}
