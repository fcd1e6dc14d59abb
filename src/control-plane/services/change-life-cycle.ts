/** Moves an API to its next state, with what follows from it for other versions and for subscriptions. */
import { randomUUID } from 'node:crypto';
import { recordState } from '../../adapters/stores/api-history.ts';
import { apisNamed, updateApi } from '../../adapters/stores/apis.ts';
import type { StoreTransaction } from '../../adapters/stores/store.ts';
import { createSubscription, deleteSubscription } from '../../adapters/stores/subscriptions.ts';
import { removeWaiting } from '../../adapters/stores/workflows.ts';
import type { LifeCycleStatus } from '../../core/api.ts';
import type { CatalogApi } from '../../core/catalog-api.ts';
import { endpointUrls } from '../../core/deployed-api.ts';
import { type LifeCycleAction, transitions } from '../../core/life-cycle.ts';
import { compareVersions } from '../../core/version-order.ts';
import { RestError } from '../../platform/rest-error.ts';
import { type ControlPlaneDeps, seconds } from '../deps.ts';
import type { Caller } from '../rest/caller.ts';
import { audit } from './audit-api.ts';
import { settleDefault } from './default-version.ts';

/** What a publisher ticks when he publishes. */
export interface Checklist {
  readonly deprecateOlder: boolean;
  /** Otherwise who is subscribed to the newest of the older versions is to this one too. */
  readonly requireResubscription: boolean;
}

export type Mover = Pick<Caller, 'fullName' | 'tenant'>;

/**
 * In the transaction of whoever decides it.
 * @throws RestError 400 when the action leads nowhere from the API's state, 409 when the API can't be published as it is
 */
export async function changeLifeCycle(
  tx: StoreTransaction,
  deps: ControlPlaneDeps,
  mover: Mover,
  api: CatalogApi,
  action: LifeCycleAction,
  checklist: Checklist,
): Promise<CatalogApi> {
  const status = targetOf(api, action);
  const older = (await apisNamed(tx.db, mover.tenant, api.name))
    .filter(({ id, version }) => id !== api.id && compareVersions(version, api.version) < 0)
    .sort((a, b) => compareVersions(b.version, a.version));
  const moved = await move(tx, deps, mover, api, status, action);
  if (action === 'Publish') {
    if (!checklist.requireResubscription) await copySubscriptions(tx, deps, older, moved);
    if (checklist.deprecateOlder) {
      const published = older.filter((one) => one.status === 'PUBLISHED');
      for (const one of published) await move(tx, deps, mover, one, 'DEPRECATED', 'Deprecate');
    }
  }
  if (status === 'RETIRED') await endSubscriptions(tx, api.id);
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
  mover: Mover,
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
  { clock }: ControlPlaneDeps,
  older: readonly CatalogApi[],
  api: CatalogApi,
): Promise<void> {
  if (older.length === 0) return;
  const rows = await tx.db
    .selectFrom('subscriptions')
    .select(['api_id', 'application_id', 'tier', 'state'])
    .where('api_id', 'in', [api.id, ...older.map(({ id }) => id)])
    .execute();
  const byApi = Map.groupBy(rows, (row) => row.api_id);
  const has = new Set(byApi.get(api.id)?.map((row) => row.application_id));
  for (const { id } of older) {
    for (const row of byApi.get(id) ?? []) {
      if (has.has(row.application_id) || row.state === 'ON_HOLD' || row.state === 'REJECTED') continue;
      has.add(row.application_id);
      const { application_id: applicationId, tier, state } = row;
      const copy = { id: randomUUID(), apiId: api.id, applicationId, tier, state };
      await createSubscription(tx, copy, { createdAt: seconds(clock) });
    }
  }
}

async function endSubscriptions(tx: StoreTransaction, apiId: string): Promise<void> {
  const rows = await tx.db.selectFrom('subscriptions').select('id').where('api_id', '=', apiId).execute();
  for (const { id } of rows) await deleteSubscription(tx, id);
  await removeWaiting(
    tx,
    rows.map(({ id }) => id),
  );
}
