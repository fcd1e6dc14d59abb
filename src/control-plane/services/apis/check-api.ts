/** Whether an API is one that can be published: everything that it names exists, and nothing in it contradicts itself. */
import { findPolicies } from '../../../adapters/stores/policies.ts';
import { findSharedScopes, toCatalogScope } from '../../../adapters/stores/shared-scopes.ts';
import type { Queryable } from '../../../adapters/stores/store.ts';
import type { CatalogApi, CatalogScope } from '../../../core/catalog-api.ts';
import { type ErrorItem, RestError } from '../../../platform/rest-error.ts';
import { formProblems } from './api-form-problems.ts';
import { unknownCategories, unknownLabels, unknownRoles } from './known-names.ts';

/**
 * @returns the API with its shared scopes as they are defined
 * @throws RestError 400 that says everything that is wrong
 */
export async function checkApi(db: Queryable, given: CatalogApi, tenant: string): Promise<CatalogApi> {
  const api = await withSharedScopes(db, given, tenant);
  const problems: ErrorItem[] = [...formProblems(api)];
  const complain = (field: string, message: string): void => void problems.push({ code: field, message });

  const unknown = async (field: string, what: string, names: Promise<string[]>): Promise<void> => {
    const list = await names;
    if (list.length > 0) complain(field, `${field}: there is no ${what} ${list.map((name) => `"${name}"`).join(', ')}`);
  };
  const resourceTiers = api.operations.map(({ throttlingPolicy }) => throttlingPolicy);
  await unknown('policies', 'subscription policy', missingPolicies(db, 'subscription', api.policies));
  await unknown('operations', 'throttling policy', missingPolicies(db, 'resource', resourceTiers));
  await unknown(
    'apiThrottlingPolicy',
    'throttling policy',
    missingPolicies(db, 'resource', api.apiThrottlingPolicy === null ? [] : [api.apiThrottlingPolicy]),
  );
  await unknown('visibleRoles', 'role', unknownRoles(db, tenant, api.visibleRoles));
  await unknown('accessControlRoles', 'role', unknownRoles(db, tenant, api.accessControlRoles));
  const scopeRoles = api.scopes.flatMap(({ roles }) => roles);
  await unknown('scopes', 'role', unknownRoles(db, tenant, scopeRoles));
  await unknown('categories', 'API category', unknownCategories(db, tenant, api.categories));
  await unknown('labels', 'label', unknownLabels(db, tenant, (api.more.labels ?? []) as string[]));
  if (problems.length > 0) throw new RestError(400, problems.map(({ message }) => message).join('; '), problems);
  return api;
}

async function missingPolicies(
  db: Queryable,
  level: 'subscription' | 'resource',
  names: readonly string[],
): Promise<string[]> {
  const wanted = [...new Set(names)].filter((name) => name !== '');
  const found = new Set((await findPolicies(db, level, wanted)).map(({ name }) => name));
  return wanted.filter((name) => !found.has(name));
}

/** What a shared scope is, is said where it is shared. An operation that names one brings it into the API. */
async function withSharedScopes(db: Queryable, api: CatalogApi, tenant: string): Promise<CatalogApi> {
  const own = new Map(api.scopes.map((scope) => [scope.name, scope]));
  const named = new Set([...own.keys(), ...api.operations.flatMap(({ scopes }) => scopes)]);
  const shared = (await findSharedScopes(db, tenant, [...named])).map(toCatalogScope);
  const byName = new Map(shared.map((scope) => [scope.name, scope]));
  const scopes: CatalogScope[] = api.scopes.map((scope) => byName.get(scope.name) ?? { ...scope, shared: false });
  for (const scope of shared) if (!own.has(scope.name)) scopes.push(scope);
  return { ...api, scopes };
}
