/**
 * Work flows: what users ask for is done at once (`simple`) or waits for an administrator (`approval`), as the options
 * `workflows.*` say for each kind. What waits is effective nowhere.
 */
import { randomUUID } from 'node:crypto';
import { recordAudit } from '../../../adapters/stores/audit-log.ts';
import type { WorkflowType } from '../../../adapters/stores/schema/portal.ts';
import type { StoreTransaction } from '../../../adapters/stores/store.ts';
import { isUniqueViolation } from '../../../adapters/stores/unique-violation.ts';
import { decideWorkflow, findWorkflow, insertWorkflow, type WorkflowRow } from '../../../adapters/stores/workflows.ts';
import type { User } from '../../../adapters/user-stores/user-store.ts';
import { RestError } from '../../../platform/rest-error.ts';
import { type ControlPlaneDeps, seconds } from '../../deps.ts';
import type { Caller } from '../../rest/caller.ts';
import type { Publisher } from '../apis/api-access.ts';
import { workflowOutcomes } from './workflow-outcomes.ts';

const optionOf = {
  APPLICATION_CREATION: 'applicationCreation',
  APPLICATION_REGISTRATION_PRODUCTION: 'productionKeys',
  APPLICATION_REGISTRATION_SANDBOX: 'sandboxKeys',
  SUBSCRIPTION_CREATION: 'subscriptionCreation',
  SUBSCRIPTION_UPDATE: 'subscriptionUpdate',
  SUBSCRIPTION_DELETION: 'subscriptionDeletion',
  APPLICATION_DELETION: 'applicationDeletion',
  USER_SIGNUP: 'userSignUp',
  API_STATE: 'apiStateChange',
} as const satisfies Record<WorkflowType, string>;

/** Whether things of this kind wait for an administrator. */
export function needsApproval({ workflows }: ControlPlaneDeps, type: WorkflowType): boolean {
  return workflows[optionOf[type]] === 'approval';
}

export interface NewWorkflow {
  readonly type: WorkflowType;
  /** Id of the application, subscription or API; name of the user. */
  readonly subjectId: string;
  /** `name@tenant`. */
  readonly requester: string;
  readonly tenant: string;
  /** What the administrator reads, and what is needed to do it. No secrets. */
  readonly properties: Readonly<Record<string, string>>;
  /** For people: what is asked for. */
  readonly description: string;
}

/**
 * Notes that something waits, in the transaction that writes what does.
 * @returns the reference by which an administrator decides
 * @throws RestError 409 when the same waits already
 */
export async function startWorkflow(
  tx: StoreTransaction,
  deps: ControlPlaneDeps,
  workflow: NewWorkflow,
): Promise<string> {
  const reference = randomUUID();
  const now = seconds(deps.clock);
  const { subjectId, properties, ...rest } = workflow;
  try {
    await insertWorkflow(tx, {
      ...rest,
      reference,
      status: 'CREATED',
      subject_id: subjectId,
      properties: JSON.stringify(properties),
      created_at: now,
      updated_at: now,
    });
  } catch (error) {
    if (!isUniqueViolation(error)) throw error;
    throw new RestError(409, `This waits for approval already: ${workflow.description}`);
  }
  return reference;
}

export interface Decision {
  readonly status: 'APPROVED' | 'REJECTED';
  /** Why, for people. */
  readonly description?: string;
}

/**
 * Does what was asked for, or drops it; in one transaction with the decision.
 * @throws RestError 404 for an unknown reference, 409 when it was decided before, or can't be done any more
 */
export async function completeWorkflow(
  deps: ControlPlaneDeps,
  reference: string,
  { status, description }: Decision,
  administrator: Pick<Caller, 'fullName'>,
): Promise<WorkflowRow> {
  const row = await findWorkflow(deps.store.db, reference);
  if (!row) throw new RestError(404, `There is no workflow ${reference}.`);
  // Before the transaction: the user store asks by a connection of its own.
  const requester = publisherOf(await deps.users.find(row.requester), row);
  return deps.store.transaction(async (tx) => {
    const decided = { status, description: description ?? row.description, updated_at: seconds(deps.clock) };
    if (!(await decideWorkflow(tx, reference, decided))) {
      throw new RestError(409, `The workflow ${reference} does not wait (any more).`);
    }
    await workflowOutcomes[row.type][status](tx, deps, row, requester);
    await recordAudit(tx, {
      actor: administrator.fullName,
      action: status === 'APPROVED' ? 'approve' : 'reject',
      kind: 'workflow',
      id: reference,
      name: row.description,
      before: { type: row.type, status: row.status, subject: row.subject_id },
      after: decided,
      at: deps.clock.now(),
    });
    return { ...row, ...decided };
  });
}

/** Who asked, with the roles that he has by now: none, if he is gone. */
function publisherOf(user: User | null, { requester, tenant }: WorkflowRow): Publisher {
  const roles = user?.roles ?? [];
  return { fullName: requester, tenant, roles, isAdmin: roles.includes('admin') };
}
