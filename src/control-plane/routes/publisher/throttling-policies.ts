/** The policies that publishers choose from, in all or of an API. */
import { findPolicies } from '../../../adapters/stores/policies.ts';
import { type Policy, timeUnits } from '../../../core/policy.ts';
import { RestError } from '../../../platform/rest-error.ts';
import type { ThrottlingPolicy } from '../../rest/definitions/publisher.ts';
import { type Operations, ok } from '../../rest/operation.ts';
import { pageOf } from '../../rest/page.ts';
import { requireApi } from '../../services/apis/api-access.ts';
import { unitOf } from '../../services/policies/limits.ts';
import { policiesOf } from '../../services/policies/policies.ts';

/** What the original writes for "as many as you like". */
const asMany = 2_147_483_647;

export const throttlingPolicies: Operations = {
  'GET /throttling-policies/{policyLevel}': async (call, { store }) => {
    const all = await policiesOf(store.db, levelOf(call.param('policyLevel')));
    return ok(pageOf(call, all.map(policyForm)));
  },

  'GET /throttling-policies/{policyLevel}/{policyName}': async (call, { store }) => {
    const name = call.param('policyName');
    const [policy] = await findPolicies(store.db, levelOf(call.param('policyLevel')), [name]);
    if (!policy) throw new RestError(404, `There is no policy ${JSON.stringify(name)} of this level.`);
    return ok(policyForm(policy));
  },

  'GET /apis/{apiId}/subscription-policies': async (call, { store }) => {
    const { policies } = await requireApi(store.db, call.caller, call.param('apiId'));
    return ok((await findPolicies(store.db, 'subscription', policies)).map(policyForm));
  },
};

/** `subcription` is how the original's definition has it. @throws RestError 404 */
function levelOf(name: string): 'resource' | 'subscription' {
  if (name === 'api') return 'resource';
  if (name === 'subscription' || name === 'subcription') return 'subscription';
  throw new RestError(404, `There is no policy level ${JSON.stringify(name)}; expected api or subscription.`);
}

function policyForm({ level, name, limit, stopOnQuota, about }: Policy): ThrottlingPolicy {
  const timeUnit = unitOf(limit);
  return {
    name,
    description: about?.description ?? '',
    policyLevel: level === 'resource' ? 'api' : 'subscription',
    displayName: about?.displayName ?? name,
    attributes: Object.fromEntries((about?.attributes ?? []).map((one) => [one.name, one.value])),
    requestCount: limit?.count ?? asMany,
    unitTime: limit ? limit.windowMs / timeUnits[timeUnit] : 1,
    timeUnit,
    tierPlan: about?.billingPlan ?? 'FREE',
    stopOnQuotaReach: stopOnQuota,
  };
}
