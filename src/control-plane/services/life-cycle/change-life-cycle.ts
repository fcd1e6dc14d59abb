/** Moves an API to its next state, with what follows from it for other versions and for subscriptions. */
import { randomUUID } from 'node:crypto';
import { recordState } from '../../../adapters/stores/api-history.ts';
import { apisNamed, updateApi } from '../../../adapters/stores/apis.ts';
import type { StoreTransaction } from '../../../adapters/stores/store.ts';
import { createSubscription, deleteSubscription, subscribersOf } from '../../../adapters/stores/subscriptions.ts';
import type { LifeCycleStatus } from '../../../core/api.ts';
import type { CatalogApi } from '../../../core/catalog-api.ts';
import { endpointUrls } from '../../../core/deployed-api.ts';
import { type LifeCycleAction, transitions } from '../../../core/life-cycle.ts';
import { compareVersions } from '../../../core/version-order.ts';
import { RestError } from '../../../platform/rest-error.ts';
import { type ControlPlaneDeps, seconds } from '../../deps.ts';
import { mayPublish, type Publisher } from '../apis/api-access.ts';
import { audit } from '../apis/audit-api.ts';
import { settleDefault } from '../apis/default-version.ts';
import { auditSubscription } from '../subscriptions/audit-subscription.ts';

/** What a publisher ticks when he publishes. */
export interface Checklist {
  readonly deprecateOlder: boolean;
  /** Otherwise who is subscribed to the newest of the older versions is to this one too. */
  readonly requireResubscription: boolean;
}

/**
 * In the transaction of whoever decides it.
 * @throws RestError 400 when the action leads nowhere from the API's state, 409 when the API can't be published as it is
 */
export async function changeLifeCycle(
  tx: StoreTransaction,
  deps: ControlPlaneDeps,
  mover: Publisher,
  api: CatalogApi,
  action: LifeCycleAction,
  checklist: Checklist,
): Promise<CatalogApi> {
  const status = targetOf(api, action);
  // Those that he may not change are not there for him, and stay as they are.
  const older = (await apisNamed(tx.db, mover.tenant, api.name))
    .filter((one) => one.id !== api.id && mayPublish(one, mover) && compareVersions(one.version, api.version) < 0)
    .sort((a, b) => compareVersions(b.version, a.version));
  const moved = await move(tx, deps, mover, api, status, action);
  if (action === 'Publish') {
    if (!checklist.requireResubscription) await copySubscriptions(tx, deps, mover, older, moved);
    if (checklist.deprecateOlder) {
      const published = older.filter((one) => one.status === 'PUBLISHED');
      for (const one of published) await move(tx, deps, mover, one, 'DEPRECATED', 'Deprecate');
    }
  }
  if (status === 'RETIRED') await endSubscriptions(tx, deps, mover, api);
  return moved;
}

/** @throws RestError as `changeLifeCycle` */
export function targetOf(api: CatalogApi, action: LifeCycleAction): LifeCycleStatus {
  const possible = transitions[api.status];
  const status = possible[action];
  if (!status) {
    const names = Object.keys(possible).join(', ') || 'none';
    throw new RestError(400, `"${action}" is not possible for an API that is ${api.status}; possible: ${names}.`);
  }
  if (status === 'PUBLISHED' || status === 'PROTOTYPED') {
    if (endpointUrls(api.endpointConfig).length === 0) {
      throw new RestError(409, `"${action}" needs an address of a back end; expected endpointConfig to have one.`);
    }
    if (status === 'PUBLISHED' && api.policies.length === 0) {
      throw new RestError(409, `"${action}" needs a subscription policy; expected some in "policies".`);
    }
  }
  return status;
}

async function move(
  tx: StoreTransaction,
  deps: ControlPlaneDeps,
  mover: Publisher,
  api: CatalogApi,
  status: LifeCycleStatus,
  action: LifeCycleAction,
): Promise<CatalogApi> {
  const given = { ...api, status, updatedAt: seconds(deps.clock) };
  const moved = await settleDefault(tx, deps, mover, given);
  await updateApi(tx, moved);
  const at_ms = deps.clock.now();
  await recordState(tx.db, { api_id: api.id, previous: api.status, status, actor: mover.fullName, at_ms });
  const what = { before: { status: api.status }, after: { status } };
  await audit(tx, deps, mover, action.toLowerCase(), moved, what);
  return moved;
}

/** Of each application the subscription to the newest version that it has, with its tier, blocked if it is. */
async function copySubscriptions(
  tx: StoreTransaction,
  deps: ControlPlaneDeps,
  mover: Publisher,
  older: readonly CatalogApi[],
  api: CatalogApi,
): Promise<void> {
  if (older.length === 0) return;
  const rows = await subscribersOf(tx.db, [api.id, ...older.map(({ id }) => id)]);
  const byApi = Map.groupBy(rows, ({ subscription }) => subscription.apiId);
  const has = new Set(byApi.get(api.id)?.map(({ subscription }) => subscription.applicationId));
  for (const { id } of older) {
    for (const { subscription, applicationName } of byApi.get(id) ?? []) {
      const { applicationId, state } = subscription;
      if (has.has(applicationId) || state === 'ON_HOLD' || state === 'REJECTED') continue;
      has.add(applicationId);
      const copy = { ...subscription, id: randomUUID(), apiId: api.id };
      await createSubscription(tx, copy, { createdAt: seconds(deps.clock) });
      const about = { api, applicationName, id: copy.id };
      await auditSubscription(tx, deps, 'create', about, mover, { after: copy });
    }
  }
}

async function endSubscriptions(
  tx: StoreTransaction,
  deps: ControlPlaneDeps,
  mover: Publisher,
  api: CatalogApi,
): Promise<void> {
  for (const { subscription, applicationName } of await subscribersOf(tx.db, [api.id])) {
    await deleteSubscription(tx, subscription.id);
    const about = { api, applicationName, id: subscription.id };
    await auditSubscription(tx, deps, 'delete', about, mover, { before: subscription });
  }
}
