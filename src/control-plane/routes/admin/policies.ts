/** Throttling policies of the levels application, subscription and advanced (of APIs and their resources). */
import type { ThrottlePolicy } from '../../rest/definitions/admin.ts';
import { created, type Operation, type Operations, ok } from '../../rest/operation.ts';
import {
  createPolicy,
  policiesOf,
  policyById,
  policyUuid,
  removePolicy,
  updatePolicy,
} from '../../services/policies/policies.ts';
import { advancedForm, applicationForm, type PolicyForm, subscriptionForm } from './policy-forms.ts';

function operations<Dto extends ThrottlePolicy>(path: string, { level, read, write }: PolicyForm<Dto>): Operations {
  const list: Operation = async (_call, { store }) => {
    const policies = await policiesOf(store.db, level);
    return ok({ count: policies.length, list: policies.map(write) });
  };
  const create: Operation = async (call, deps) => {
    const policy = read(call.json<Dto>());
    await deps.store.transaction((tx) => createPolicy(tx, deps, policy, call.caller.fullName));
    return created(write(policy), `${call.base}${path}/${policyUuid(policy)}`);
  };
  const get: Operation = async (call, { store }) =>
    ok(write(await policyById(store.db, level, call.param('policyId'))));
  const update: Operation = async (call, deps) => {
    const after = read(call.json<Dto>());
    await deps.store.transaction(async (tx) => {
      const before = await policyById(tx.db, level, call.param('policyId'));
      await updatePolicy(tx, deps, before, after, call.caller.fullName);
    });
    return ok(write(after));
  };
  const remove: Operation = async (call, deps) => {
    await deps.store.transaction(async (tx) => {
      const policy = await policyById(tx.db, level, call.param('policyId'));
      await removePolicy(tx, deps, policy, call.caller.fullName);
    });
    return ok();
  };
  return {
    [`GET ${path}`]: list,
    [`POST ${path}`]: create,
    [`GET ${path}/{policyId}`]: get,
    [`PUT ${path}/{policyId}`]: update,
    [`DELETE ${path}/{policyId}`]: remove,
  };
}

export const policies: Operations = {
  ...operations('/throttling/policies/application', applicationForm),
  ...operations('/throttling/policies/subscription', subscriptionForm),
  ...operations('/throttling/policies/advanced', advancedForm),
};
