/** The password that an API's back end wants: sealed in the store, open at the gateways, shown to nobody. */
import type { CatalogApi } from '../../../core/catalog-api.ts';
import type { Seal } from '../../../platform/seal.ts';

const purpose = 'endpoint-password';

export function sealPassword(seal: Seal, apiId: string, password: string): string {
  return seal.seal(password, purpose, apiId);
}

/**
 * Null when the API has none.
 * @throws SealError when it was sealed under another key
 */
export function openPassword(seal: Seal): (api: Pick<CatalogApi, 'id' | 'endpointSecurity'>) => string | null {
  return ({ id, endpointSecurity }) => (endpointSecurity ? seal.open(endpointSecurity.sealed, purpose, id) : null);
}
