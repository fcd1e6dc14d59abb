/** Subscriptions: who may have one, and what happens to it. */
import { randomUUID } from 'node:crypto';
import type { ApplicationRow } from '../../../adapters/stores/applications.ts';
import type { StoreTransaction } from '../../../adapters/stores/store.ts';
import {
  createSubscription,
  deleteSubscription,
  findSubscriptionTo,
  updateSubscription,
} from '../../../adapters/stores/subscriptions.ts';
import { isUniqueViolation } from '../../../adapters/stores/unique-violation.ts';
import { findWaiting } from '../../../adapters/stores/workflows.ts';
import type { Subscription } from '../../../core/application.ts';
import type { CatalogApi } from '../../../core/catalog-api.ts';
import { RestError } from '../../../platform/rest-error.ts';
import { type ControlPlaneDeps, seconds } from '../../deps.ts';
import type { Caller } from '../../rest/caller.ts';
import { needsApproval, startWorkflow } from '../workflows/workflows.ts';
import { auditSubscription } from './audit-subscription.ts';
import { checkTier } from './check-tier.ts';

const nameOf = (api: CatalogApi): string => `${api.name} ${api.version}`;

/** What people read of a subscription. */
const label = (api: CatalogApi, application: ApplicationRow): string => `${application.name} to ${nameOf(api)}`;

/**
 * Subscribes an application. A rejected subscription makes room for the new one.
 * @throws RestError 400 when the API takes no subscriptions or has no such tier, 409 when there is one already
 */
export async function subscribe(
  tx: StoreTransaction,
  deps: ControlPlaneDeps,
  { application, api, tier }: { application: ApplicationRow; api: CatalogApi; tier: string },
  caller: Caller,
): Promise<Subscription> {
  if (api.status !== 'PUBLISHED') {
    throw new RestError(400, `The API ${nameOf(api)} is ${api.status}; only a PUBLISHED one takes subscriptions.`);
  }
  await checkTier(tx.db, api, tier, caller.roles);
  const before = await findSubscriptionTo(tx.db, application.id, api.id);
  if (before?.state === 'REJECTED') await deleteSubscription(tx, before.id);
  const waits = needsApproval(deps, 'SUBSCRIPTION_CREATION');
  const subscription: Subscription = {
    id: randomUUID(),
    apiId: api.id,
    applicationId: application.id,
    tier,
    state: waits ? 'ON_HOLD' : 'UNBLOCKED',
  };
  try {
    await createSubscription(tx, subscription, { createdAt: seconds(deps.clock) });
  } catch (error) {
    if (!isUniqueViolation(error)) throw error;
    throw new RestError(409, `The application ${application.name} is subscribed to ${nameOf(api)} already.`);
  }
  if (waits) {
    await startWorkflow(tx, deps, {
      type: 'SUBSCRIPTION_CREATION',
      subjectId: subscription.id,
      requester: caller.fullName,
      tenant: application.tenant,
      properties: facts(api, application, tier),
      description: `Subscribe the application ${application.name} to ${nameOf(api)} with the tier ${tier}`,
    });
  }
  await auditSubscription(tx, deps, 'create', { api, applicationName: application.name, id: subscription.id }, caller, {
    after: subscription,
  });
  return subscription;
}

/**
 * Changes the tier.
 * @returns whether it is done; false = it waits for approval, and the old tier goes on
 * @throws RestError 400 when the API has no such tier, 409 when another change waits
 */
export async function changeTier(
  tx: StoreTransaction,
  deps: ControlPlaneDeps,
  {
    subscription,
    application,
    api,
    tier,
  }: { subscription: Subscription; application: ApplicationRow; api: CatalogApi; tier: string },
  caller: Caller,
): Promise<boolean> {
  if (tier === subscription.tier) return true;
  await checkTier(tx.db, api, tier, caller.roles);
  if (subscription.state === 'ON_HOLD' || subscription.state === 'REJECTED') {
    throw new RestError(409, `The subscription is ${subscription.state}: its tier can't be changed.`);
  }
  if (needsApproval(deps, 'SUBSCRIPTION_UPDATE')) {
    await startWorkflow(tx, deps, {
      type: 'SUBSCRIPTION_UPDATE',
      subjectId: subscription.id,
      requester: caller.fullName,
      tenant: application.tenant,
      properties: { ...facts(api, application, tier), currentTier: subscription.tier },
      description: `Change the tier of ${label(api, application)} from ${subscription.tier} to ${tier}`,
    });
    return false;
  }
  await updateSubscription(tx, subscription.id, { tier });
  await auditSubscription(tx, deps, 'update', { api, applicationName: application.name, id: subscription.id }, caller, {
    before: { tier: subscription.tier },
    after: { tier },
  });
  return true;
}

/** @returns whether it is done; false = it waits for approval, and the subscription goes on */
export async function unsubscribe(
  tx: StoreTransaction,
  deps: ControlPlaneDeps,
  { subscription, application, api }: { subscription: Subscription; application: ApplicationRow; api: CatalogApi },
  caller: Caller,
): Promise<boolean> {
  const isEffective = subscription.state !== 'ON_HOLD' && subscription.state !== 'REJECTED';
  if (isEffective && needsApproval(deps, 'SUBSCRIPTION_DELETION')) {
    if (await findWaiting(tx.db, ['SUBSCRIPTION_DELETION'], subscription.id)) return false;
    await startWorkflow(tx, deps, {
      type: 'SUBSCRIPTION_DELETION',
      subjectId: subscription.id,
      requester: caller.fullName,
      tenant: application.tenant,
      properties: facts(api, application, subscription.tier),
      description: `End the subscription of ${label(api, application)}`,
    });
    return false;
  }
  await deleteSubscription(tx, subscription.id);
  await auditSubscription(tx, deps, 'delete', { api, applicationName: application.name, id: subscription.id }, caller, {
    before: subscription,
  });
  return true;
}

const facts = (api: CatalogApi, application: ApplicationRow, tier: string) => ({
  apiName: api.name,
  apiVersion: api.version,
  apiProvider: api.provider,
  applicationName: application.name,
  subscriber: application.owner,
  tier,
});
