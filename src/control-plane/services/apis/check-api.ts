/** Whether an API is one that can be published: everything that it names exists, and nothing in it contradicts itself. */
import type { Queryable } from '../../../adapters/stores/store.ts';
import type { CatalogApi } from '../../../core/catalog-api.ts';
import { RestError } from '../../../platform/rest-error.ts';
import { formProblems } from './api-form-problems.ts';
import { checkOperations, missingPolicies, unknown } from './check-operations.ts';
import { unknownCategories, unknownLabels, unknownRoles } from './known-names.ts';

/**
 * @returns the API with its shared scopes as they are defined
 * @throws RestError 400 that says everything that is wrong
 */
export async function checkApi(db: Queryable, given: CatalogApi, tenant: string): Promise<CatalogApi> {
  const checked = await checkOperations(db, given, tenant);
  const api = { ...given, scopes: checked.scopes };
  const problems = [...formProblems(api), ...checked.problems];
  const expect = async (field: string, what: string, missing: Promise<string[]>): Promise<void> => {
    const names = await missing;
    if (names.length > 0) problems.push(unknown(field, what, names));
  };
  const tiers = api.apiThrottlingPolicy === null ? [] : [api.apiThrottlingPolicy];
  await expect('policies', 'subscription policy', missingPolicies(db, 'subscription', api.policies));
  await expect('apiThrottlingPolicy', 'throttling policy', missingPolicies(db, 'resource', tiers));
  await expect('visibleRoles', 'role', unknownRoles(db, tenant, api.visibleRoles));
  await expect('accessControlRoles', 'role', unknownRoles(db, tenant, api.accessControlRoles));
  await expect('categories', 'API category', unknownCategories(db, tenant, api.categories));
  await expect('labels', 'label', unknownLabels(db, tenant, (api.more.labels ?? []) as string[]));
  if (problems.length > 0) throw new RestError(400, problems.map(({ message }) => message).join('; '), problems);
  return api;
}
