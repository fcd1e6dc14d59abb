/** Subscriptions to the publisher's APIs: who has them, and blocking them. */

import { findApi } from '../../../adapters/stores/apis.ts';
import { findApplication } from '../../../adapters/stores/applications.ts';
import { recordAudit } from '../../../adapters/stores/audit-log.ts';
import type { Queryable } from '../../../adapters/stores/store.ts';
import { subscribersOf } from '../../../adapters/stores/subscribers.ts';
import { findSubscription, updateSubscription } from '../../../adapters/stores/subscriptions.ts';
import type { SubscriptionState } from '../../../core/application.ts';
import { shownUserName } from '../../../core/tenant.ts';
import { RestError } from '../../../platform/rest-error.ts';
import type { ControlPlaneDeps } from '../../deps.ts';
import type { Subscription } from '../../rest/definitions/publisher.ts';
import { type Operations, ok, type RestCall } from '../../rest/operation.ts';
import { page, rangeOf } from '../../rest/page.ts';
import { mayPublish, requireNamedApi } from '../../services/apis/api-access.ts';

export const subscriptions: Operations = {
  'GET /subscriptions': async (call, { store }) => {
    const { id } = await requireNamedApi(store.db, call.caller, call.query('apiId') ?? '');
    const { rows, total } = await subscribersOf(store.db, id, { words: call.query('query') ?? '', ...rangeOf(call) });
    const list = rows.map(
      (row): Subscription => ({
        subscriptionId: row.id,
        applicationInfo: {
          applicationId: row.applicationId,
          name: row.application,
          subscriber: shownUserName(row.owner),
          description: row.description,
          subscriptionCount: row.subscriptions,
        },
        throttlingPolicy: row.tier,
        subscriptionStatus: row.state,
      }),
    );
    return ok(page(call, list, total));
  },

  'GET /subscriptions/{subscriptionId}/subscriber-info': async (call, { store }) => {
    const { applicationId } = await requireSubscription(store.db, call, call.param('subscriptionId'));
    const application = await findApplication(store.db, applicationId);
    // The user store keeps names and roles only.
    return ok({ name: shownUserName(application?.owner ?? ''), claims: [] });
  },

  'POST /subscriptions/block-subscription': (call, deps) =>
    setState(call, deps, call.query<SubscriptionState>('blockState') as SubscriptionState),

  'POST /subscriptions/unblock-subscription': (call, deps) => setState(call, deps, 'UNBLOCKED'),
};

async function setState(call: RestCall, deps: ControlPlaneDeps, state: SubscriptionState) {
  const id = call.query('subscriptionId') ?? '';
  await deps.store.transaction(async (tx) => {
    const subscription = await requireSubscription(tx.db, call, id);
    // What waits for approval, or didn't get it, is not let in by this door.
    if (subscription.state === 'ON_HOLD' || subscription.state === 'REJECTED') {
      throw new RestError(409, `The subscription is ${subscription.state}; expected one that was approved.`);
    }
    await updateSubscription(tx, id, { state });
    await recordAudit(tx, {
      actor: call.caller.fullName,
      action: state === 'UNBLOCKED' ? 'unblock' : 'block',
      kind: 'subscription',
      id,
      name: subscription.name,
      before: { state: subscription.state },
      after: { state },
      at: deps.clock.now(),
    });
  });
  return ok();
}

/** @throws RestError 404 when there is no such subscription to an API of the caller's */
async function requireSubscription(db: Queryable, { caller }: RestCall, id: string) {
  const subscription = await findSubscription(db, id);
  const api = subscription && (await findApi(db, subscription.apiId));
  if (!subscription || !api || !mayPublish(api, caller)) {
    throw new RestError(404, `There is no subscription ${JSON.stringify(id)}.`);
  }
  return { ...subscription, name: `${api.name} ${api.version}` };
}
