/** Lists of an API that are longer than anybody needs, wherever it comes from: before anything looks their entries up. */
import type { CatalogApi } from '../../../core/catalog-api.ts';
import { refuseTooMany } from '../../rest/bounds.ts';

/** @throws RestError 400 that names the field */
export function refuseLongLists(api: CatalogApi): void {
  const { operations, scopes, tags, policies, visibleRoles, accessControlRoles, categories, securityScheme } = api;
  const lists = { operations, scopes, tags, policies, visibleRoles, accessControlRoles, categories, securityScheme };
  for (const [field, list] of Object.entries(lists)) refuseTooMany(field, field, list.length);
  for (const field of ['labels', 'additionalProperties']) {
    refuseTooMany(field, field, Object.keys(api.more[field] ?? {}).length);
  }
  for (const scope of scopes) refuseTooMany(`scopes: ${scope.name}`, 'bindings', scope.roles.length);
  // Those of all together are looked up at once.
  refuseTooMany('scopes: bindings', 'scopes', new Set(scopes.flatMap(({ roles }) => roles)).size);
  refuseTooMany('operations: scopes', 'scopes', new Set(operations.flatMap((operation) => operation.scopes)).size);
}
