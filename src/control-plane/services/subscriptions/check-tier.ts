/** Whether a subscription may have a tier. */
import { findPolicies } from '../../../adapters/stores/policies.ts';
import type { Queryable } from '../../../adapters/stores/store.ts';
import type { CatalogApi } from '../../../core/catalog-api.ts';
import { mayChoose } from '../../../core/policy.ts';
import { RestError } from '../../../platform/rest-error.ts';

/**
 * @param roles of who is to have it
 * @throws RestError 400 when it is none of the API's, or one that the roles may not choose
 */
export async function checkTier(db: Queryable, api: CatalogApi, tier: string, roles: readonly string[]): Promise<void> {
  const all = await findPolicies(db, 'subscription', api.policies);
  const open = all.filter((policy) => mayChoose(policy, roles)).map(({ name }) => name);
  if (open.includes(tier)) return;
  throw new RestError(400, `throttlingPolicy: expected one of ${api.name} ${api.version}'s: ${open.join(', ')}.`);
}
