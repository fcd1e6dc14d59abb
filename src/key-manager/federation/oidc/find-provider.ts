/** The provider as it describes itself. */
import type { IdentityProvider } from '../../../core/identity-provider.ts';
import type { KeyManager } from '../../call.ts';
import { metadataUrl, type OpenIdProvider } from './read-metadata.ts';
import { unavailable } from './refuse.ts';

/** @throws OAuthError temporarily_unavailable */
export async function findProvider(km: KeyManager, { name, entityId }: IdentityProvider): Promise<OpenIdProvider> {
  const found = await km.openIdProviders
    .get(metadataUrl(entityId))
    .catch((error) => unavailable(km, name, 'what it publishes of itself', error));
  // Discovery section 4.3: else somebody could speak for another one.
  if (found.issuer === entityId) return found;
  return unavailable(
    km,
    name,
    'what it publishes of itself',
    new Error(`its issuer is ${found.issuer}, not ${entityId}`),
  );
}
