/** Throttling policies: made, changed and deleted with what hangs on them. */
import { createHash } from 'node:crypto';
import { recordAudit } from '../../../adapters/stores/audit-log.ts';
import {
  deletePolicy,
  findPolicies,
  listPolicies,
  putPolicy,
  usersOfPolicy,
} from '../../../adapters/stores/policies.ts';
import type { Queryable, StoreTransaction } from '../../../adapters/stores/store.ts';
import { type Policy, type PolicyLevel, unauthenticated, unlimited } from '../../../core/policy.ts';
import { RestError } from '../../../platform/rest-error.ts';
import type { ControlPlaneDeps } from '../../deps.ts';

/** The id of a policy in the REST APIs: it has the form of a UUID (RFC 9562 version 8) and follows from level and name. */
export function policyUuid({ level, name }: Pick<Policy, 'level' | 'name'>): string {
  const hex = createHash('sha256').update(`${level}|${name}`).digest('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), `8${hex.slice(13, 16)}`, `8${hex.slice(17, 20)}`, hex.slice(20, 32)].join(
    '-',
  );
}

/** The policies of a level, by name. */
export async function policiesOf(db: Queryable, level: PolicyLevel): Promise<Policy[]> {
  return (await listPolicies(db)).filter((policy) => policy.level === level);
}

/** @throws RestError 404 */
export async function policyById(db: Queryable, level: PolicyLevel, id: string): Promise<Policy> {
  const found = (await policiesOf(db, level)).find((policy) => policyUuid(policy) === id);
  if (!found) throw new RestError(404, `There is no policy ${id} of this level.`);
  return found;
}

/** @throws RestError 400 when the name is not of the expected form, 409 when the level has a policy of it */
export async function createPolicy(
  tx: StoreTransaction,
  deps: ControlPlaneDeps,
  policy: Policy,
  actor: string,
): Promise<void> {
  if (!/^[\w.-]{1,60}$/.test(policy.name)) {
    throw new RestError(400, 'body/policyName: expected 1 to 60 letters, digits and characters of . _ -');
  }
  if ((await findPolicies(tx.db, policy.level, [policy.name])).length > 0) {
    throw new RestError(409, `There is a policy ${policy.name} of this level already.`);
  }
  putPolicy(tx, policy);
  await audit(tx, deps, actor, 'create', policy, undefined, policy);
}

/** Replaces a policy by one of the same level. @throws RestError 400 when it has another name, or is the unlimited one */
export async function updatePolicy(
  tx: StoreTransaction,
  deps: ControlPlaneDeps,
  before: Policy,
  after: Policy,
  actor: string,
): Promise<void> {
  refuseUnlimited(before, 'changed');
  if (after.name !== before.name) {
    throw new RestError(400, `body/policyName: a policy keeps its name; expected ${before.name}.`);
  }
  putPolicy(tx, after);
  await audit(tx, deps, actor, 'update', before, before, after);
}

/** @throws RestError 409 when somebody uses it */
export async function removePolicy(
  tx: StoreTransaction,
  deps: ControlPlaneDeps,
  policy: Policy,
  actor: string,
): Promise<void> {
  refuseUnlimited(policy, 'deleted');
  if (policy.level === 'subscription' && policy.name === unauthenticated) {
    throw new RestError(409, `The policy ${unauthenticated} is in use by every resource without authentication.`);
  }
  const { names, more } = await usersOfPolicy(tx.db, policy.level, policy.name);
  if (names.length > 0) {
    throw new RestError(409, `The policy ${policy.name} is in use by ${names.join(', ')}${more ? ' and others' : ''}.`);
  }
  deletePolicy(tx, policy.level, policy.name);
  await audit(tx, deps, actor, 'delete', policy, policy, undefined);
}

/** Everything that is named nowhere else is unlimited, so this one stays what it is. */
function refuseUnlimited({ name }: Policy, what: string): void {
  if (name === unlimited) throw new RestError(409, `The policy ${unlimited} can't be ${what}.`);
}

function audit(
  tx: StoreTransaction,
  { clock }: ControlPlaneDeps,
  actor: string,
  action: string,
  policy: Policy,
  before: Policy | undefined,
  after: Policy | undefined,
): Promise<void> {
  const { name } = policy;
  return recordAudit(tx, {
    actor,
    action,
    kind: 'policy',
    id: policyUuid(policy),
    name,
    before,
    after,
    at: clock.now(),
  });
}
