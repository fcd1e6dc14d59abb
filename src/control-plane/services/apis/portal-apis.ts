/** Which APIs developers see: those that are there for them, as their visibility and the roles say. */
import { type ApiViewer, searchApis } from '../../../adapters/stores/api-search.ts';
import type { Queryable } from '../../../adapters/stores/store.ts';
import type { LifeCycleStatus } from '../../../core/api.ts';
import type { CatalogApi } from '../../../core/catalog-api.ts';
import { defaultTenant } from '../../../core/tenant.ts';
import { RestError } from '../../../platform/rest-error.ts';
import type { Caller } from '../../rest/caller.ts';

/** Those that are listed. */
export const listedStatuses: readonly LifeCycleStatus[] = ['PUBLISHED', 'PROTOTYPED'];
/** Those that can be read: also what its subscribers still use. */
const readableStatuses: readonly LifeCycleStatus[] = [...listedStatuses, 'BLOCKED', 'DEPRECATED'];

/** @param visitor null = nobody is logged in */
export function viewerOf(visitor: Caller | null): ApiViewer {
  return {
    purpose: 'view',
    user: visitor?.fullName ?? null,
    roles: visitor?.roles ?? [],
    isAdmin: visitor?.isAdmin ?? false,
  };
}

/** @throws RestError 404 for those that the visitor doesn't see, too */
export async function visibleApi(db: Queryable, visitor: Caller | null, id: string): Promise<CatalogApi> {
  const { apis } = await searchApis(db, {
    tenant: visitor?.tenant ?? defaultTenant,
    viewer: viewerOf(visitor),
    id,
    conditions: [],
    statuses: readableStatuses,
    offset: 0,
    limit: 1,
  });
  const [api] = apis;
  if (!api) throw new RestError(404, `There is no API ${id}.`);
  return api;
}
