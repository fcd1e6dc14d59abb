/** Subscribes an application to the APIs of its file, as far as they are here. */

import { apisNamed } from '../../../adapters/stores/apis.ts';
import type { ApplicationRow } from '../../../adapters/stores/applications.ts';
import { recordAudit } from '../../../adapters/stores/audit-log.ts';
import type { StoreTransaction } from '../../../adapters/stores/store.ts';
import { findSubscriptionTo, updateSubscription } from '../../../adapters/stores/subscriptions.ts';
import type { CatalogApi } from '../../../core/catalog-api.ts';
import type { ControlPlaneDeps } from '../../deps.ts';
import type { Caller } from '../../rest/caller.ts';
import { changeTier, subscribe } from '../subscriptions/subscriptions.ts';
import type { SubscriptionFile } from './application-file.ts';

/** An API that is not here, takes no subscriptions, or has not that tier. */
export interface SkippedApi {
  readonly name: string;
  readonly version: string;
  readonly provider: string;
}

/** Subscriptions that the file doesn't name stay. */
export async function importSubscriptions(
  tx: StoreTransaction,
  deps: ControlPlaneDeps,
  caller: Caller,
  application: ApplicationRow,
  subscriptions: readonly SubscriptionFile[],
): Promise<SkippedApi[]> {
  const skipped: SkippedApi[] = [];
  for (const wanted of subscriptions) {
    const { apiName: name, apiVersion: version, apiProvider: provider } = wanted;
    const api = (await apisNamed(tx.db, caller.tenant, name)).find((one) => one.version === version);
    const done = api !== undefined && (await bringIn(tx, deps, caller, application, api, wanted));
    if (!done) skipped.push({ name, version, provider });
  }
  return skipped;
}

async function bringIn(
  tx: StoreTransaction,
  deps: ControlPlaneDeps,
  caller: Caller,
  application: ApplicationRow,
  api: CatalogApi,
  { tier, state }: SubscriptionFile,
): Promise<boolean> {
  const present = await findSubscriptionTo(tx.db, application.id, api.id);
  if (present?.tier === tier && present.state === state) return true;
  if (!api.policies.includes(tier)) return false;
  // What waits for somebody's approval, or was refused elsewhere, is asked for anew here.
  if (!present && api.status !== 'PUBLISHED') return false;
  const subscription = present ?? (await subscribe(tx, deps, { application, api, tier }, caller));
  const isDecided = subscription.state !== 'ON_HOLD' && subscription.state !== 'REJECTED';
  if (!isDecided) return true;
  if (subscription.tier !== tier) await changeTier(tx, deps, { subscription, application, api, tier }, caller);
  if (state !== 'ON_HOLD' && state !== 'REJECTED' && state !== subscription.state) {
    await updateSubscription(tx, subscription.id, { state });
    await recordAudit(tx, {
      actor: caller.fullName,
      action: state === 'UNBLOCKED' ? 'unblock' : 'block',
      kind: 'subscription',
      id: subscription.id,
      name: `${application.name} to ${api.name} ${api.version}`,
      before: { state: subscription.state },
      after: { state },
      at: deps.clock.now(),
    });
  }
  return true;
}
