/** The policies that developers can choose from: of applications, and of subscriptions. */
import { findPolicies, listPolicies } from '../../../adapters/stores/policies.ts';
import { mayChoose, type Policy, type PolicyLevel } from '../../../core/policy.ts';
import { RestError } from '../../../platform/rest-error.ts';
import { type Operation, type Operations, ok, type RestCall } from '../../rest/operation.ts';
import { pageOf } from '../../rest/page.ts';
import { toPolicy } from './policy-form.ts';

const list: Operation = async (call, { store }) => {
  const level = levelOf(call);
  const policies = (await listPolicies(store.db)).filter((policy) => policy.level === level && isOpen(policy, call));
  // As the definition has it: a list of lists.
  return ok([pageOf(call, policies.map(toPolicy))]);
};

const read: Operation = async (call, { store }) => {
  const name = call.param('policyId');
  const [policy] = await findPolicies(store.db, levelOf(call), [name]);
  if (!policy || !isOpen(policy, call)) throw new RestError(404, `There is no policy ${name}.`);
  return ok(toPolicy(policy));
};

/** `Unauthenticated` is for callers without a subscription: nobody chooses it. */
const isOpen = (policy: Policy, { visitor }: RestCall): boolean =>
  policy.name !== 'Unauthenticated' && mayChoose(policy, visitor?.roles ?? []);

function levelOf(call: RestCall): PolicyLevel {
  const level = call.param('policyLevel');
  if (level === 'application' || level === 'subscription') return level;
  throw new RestError(400, `policyLevel: expected application or subscription, got ${JSON.stringify(level)}.`);
}

export const policies: Operations = {
  'GET /throttling-policies/{policyLevel}': list,
  'GET /throttling-policies/{policyLevel}/{policyId}': read,
};
