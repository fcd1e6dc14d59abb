/** Scopes that an application may ask for. */

import type { Queryable } from '../../../adapters/stores/store.ts';
import { subscribedApisWithScopes } from '../../../adapters/stores/subscriptions.ts';
import type { CatalogScope } from '../../../core/catalog-api.ts';
import type * as dto from '../../rest/definitions/developer-portal.ts';

export const toScopeInfo = ({ name, displayName, description, roles }: CatalogScope): dto.ScopeInfo => ({
  key: name,
  name: displayName || name,
  roles: [...roles],
  description,
});

/** The scopes of the APIs that the application is subscribed to, each once. */
export async function subscribedScopesOf(db: Queryable, applicationId: string): Promise<dto.ScopeInfo[]> {
  const apis = await subscribedApisWithScopes(db, applicationId);
  const byName = new Map(apis.flatMap((api) => api.scopes.map((scope) => [scope.name, scope] as const)));
  return [...byName.values()].map(toScopeInfo);
}
