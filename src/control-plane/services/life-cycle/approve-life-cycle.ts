/** A step in the life cycle that an administrator has approved. */
import { findApi } from '../../../adapters/stores/apis.ts';
import type { StoreTransaction } from '../../../adapters/stores/store.ts';
import type { WorkflowRow } from '../../../adapters/stores/workflows.ts';
import type { LifeCycleAction } from '../../../core/life-cycle.ts';
import { RestError } from '../../../platform/rest-error.ts';
import type { ControlPlaneDeps } from '../../deps.ts';
import { mayPublish, type Publisher } from '../apis/api-access.ts';
import { type Checklist, changeLifeCycle } from './change-life-cycle.ts';

/** @throws RestError 409 when it can't be taken any more */
export async function approveLifeCycle(
  tx: StoreTransaction,
  deps: ControlPlaneDeps,
  { subject_id, properties }: WorkflowRow,
  requester: Publisher,
): Promise<void> {
  const { action, checklist, from } = JSON.parse(properties) as Record<string, string>;
  const api = await findApi(tx.db, subject_id);
  if (!api || api.status !== from) {
    const now = api?.status ?? 'deleted';
    throw new RestError(409, `The API is ${now} by now; the step was asked for when it was ${from}.`);
  }
  if (!mayPublish(api, requester)) {
    throw new RestError(409, `The API is not ${requester.fullName}'s to change any more, who asked for the step.`);
  }
  const ticked = JSON.parse(checklist ?? '{}') as Checklist;
  await changeLifeCycle(tx, deps, requester, api, action as LifeCycleAction, ticked);
}
