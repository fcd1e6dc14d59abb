/** What happens when an administrator approves or rejects what waits. */
import { findApplication, updateApplication } from '../../../adapters/stores/applications.ts';
import type { WorkflowType } from '../../../adapters/stores/schema/portal.ts';
import type { StoreTransaction } from '../../../adapters/stores/store.ts';
import { deleteSubscription, updateSubscription } from '../../../adapters/stores/subscriptions.ts';
import { activateUser, deleteUser, findPendingUser } from '../../../adapters/stores/users.ts';
import type { WorkflowRow } from '../../../adapters/stores/workflows.ts';
import type { KeyType } from '../../../core/application.ts';
import { RestError } from '../../../platform/rest-error.ts';
import { type ControlPlaneDeps, seconds } from '../../deps.ts';
import type { Publisher } from '../apis/api-access.ts';
import { type KeySettings, makeKey } from '../applications/application-keys.ts';
import { removeApplication } from '../applications/applications.ts';
import { approveLifeCycle } from '../life-cycle/approve-life-cycle.ts';
import { approveSubscription } from '../subscriptions/approve-subscription.ts';

/**
 * Refuses by throwing a `RestError`; then nothing was decided.
 * @param requester who asked, with the roles of now
 */
export type Outcome = (
  tx: StoreTransaction,
  deps: ControlPlaneDeps,
  workflow: WorkflowRow,
  requester: Publisher,
) => Promise<void>;

interface Outcomes {
  readonly APPROVED: Outcome;
  readonly REJECTED: Outcome;
}

/** It goes on as it was. */
const nothing: Outcome = async () => {};

export const workflowOutcomes: Readonly<Record<WorkflowType, Outcomes>> = {
  APPLICATION_CREATION: {
    APPROVED: (tx, deps, { subject_id }) => setApplicationStatus(tx, deps, subject_id, 'APPROVED'),
    REJECTED: (tx, deps, { subject_id }) => setApplicationStatus(tx, deps, subject_id, 'REJECTED'),
  },
  APPLICATION_DELETION: {
    async APPROVED(tx, deps, { subject_id, requester }) {
      const application = await findApplication(tx.db, subject_id);
      if (application) await removeApplication(tx, deps, application, requester);
    },
    REJECTED: nothing,
  },
  APPLICATION_REGISTRATION_PRODUCTION: registration('PRODUCTION'),
  APPLICATION_REGISTRATION_SANDBOX: registration('SANDBOX'),
  SUBSCRIPTION_CREATION: {
    async APPROVED(tx, _deps, { subject_id }, requester) {
      await approveSubscription(tx, subject_id, { state: 'UNBLOCKED' }, requester);
    },
    REJECTED: async (tx, _deps, { subject_id }) =>
      void (await updateSubscription(tx, subject_id, { state: 'REJECTED' })),
  },
  SUBSCRIPTION_UPDATE: {
    async APPROVED(tx, _deps, { subject_id, properties }, requester) {
      const { tier } = JSON.parse(properties) as { tier: string };
      await approveSubscription(tx, subject_id, { tier }, requester);
    },
    REJECTED: nothing,
  },
  SUBSCRIPTION_DELETION: {
    APPROVED: async (tx, _deps, { subject_id }) => void (await deleteSubscription(tx, subject_id)),
    REJECTED: nothing,
  },
  USER_SIGNUP: {
    async APPROVED(tx, _deps, { tenant, subject_id }) {
      const user = await findPendingUser(tx.db, tenant, subject_id);
      expectFound(user !== null, 'user');
      await activateUser(tx.db, (user as { id: string }).id);
    },
    // The name is free again.
    async REJECTED(tx, _deps, { tenant, subject_id }) {
      const user = await findPendingUser(tx.db, tenant, subject_id);
      if (user) await deleteUser(tx.db, user.id);
    },
  },
  API_STATE: {
    APPROVED: approveLifeCycle,
    REJECTED: nothing,
  },
};

async function setApplicationStatus(
  tx: StoreTransaction,
  deps: ControlPlaneDeps,
  id: string,
  status: 'APPROVED' | 'REJECTED',
): Promise<void> {
  expectFound(await updateApplication(tx, id, { status, updated_at: seconds(deps.clock) }), 'application');
}

function registration(keyType: KeyType): Outcomes {
  return {
    async APPROVED(tx, deps, { subject_id, properties, requester }) {
      const application = await findApplication(tx.db, subject_id);
      if (!application) throw gone('application');
      const settings = JSON.parse(JSON.parse(properties).settings) as KeySettings;
      await makeKey(tx, deps, application, { ...settings, keyType }, requester);
    },
    REJECTED: nothing,
  };
}

const gone = (what: string): RestError => new RestError(409, `The ${what} is not there any more.`);

function expectFound(found: boolean, what: string): void {
  if (!found) throw gone(what);
}
