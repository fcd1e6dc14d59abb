/** A step in the life cycle that a publisher asks for: taken at once, or when an administrator has approved it. */
import type { StoreTransaction } from '../../../adapters/stores/store.ts';
import type { CatalogApi } from '../../../core/catalog-api.ts';
import type { LifeCycleAction } from '../../../core/life-cycle.ts';
import type { ControlPlaneDeps } from '../../deps.ts';
import type { Publisher } from '../apis/api-access.ts';
import { needsApproval, startWorkflow } from '../workflows/workflows.ts';
import { type Checklist, changeLifeCycle, targetOf } from './change-life-cycle.ts';

/**
 * @returns the API as it is now, and whether the step waits (`approve-life-cycle.ts` takes it then)
 * @throws RestError as `changeLifeCycle`; 409 when a step of the API waits already
 */
export async function askLifeCycleStep(
  tx: StoreTransaction,
  deps: ControlPlaneDeps,
  mover: Publisher,
  api: CatalogApi,
  action: LifeCycleAction,
  checklist: Checklist,
): Promise<{ api: CatalogApi; waits: boolean }> {
  if (!needsApproval(deps, 'API_STATE')) {
    return { api: await changeLifeCycle(tx, deps, mover, api, action, checklist), waits: false };
  }
  targetOf(api, action);
  const { name, version, provider, status: from } = api;
  await startWorkflow(tx, deps, {
    type: 'API_STATE',
    subjectId: api.id,
    requester: mover.fullName,
    tenant: mover.tenant,
    properties: {
      apiName: name,
      apiVersion: version,
      apiProvider: provider,
      from,
      action,
      checklist: JSON.stringify(checklist),
    },
    description: `${action}: the API ${name} ${version}, which is ${from}`,
  });
  return { api, waits: true };
}
