/** Subscriptions in SQL; every change is announced to the gateways. */
import type { Subscription, SubscriptionState } from '../../core/application.ts';
import type { Schema } from './schema.ts';
import type { Queryable, StoreTransaction } from './store.ts';

const toSubscription = (row: Schema['subscriptions']): Subscription => ({
  id: row.id,
  apiId: row.api_id,
  applicationId: row.application_id,
  tier: row.tier,
  state: row.state,
});

export async function findSubscription(db: Queryable, id: string): Promise<Subscription | null> {
  const row = await db.selectFrom('subscriptions').selectAll().where('id', '=', id).executeTakeFirst();
  return row ? toSubscription(row) : null;
}

export async function subscriptionsOf(db: Queryable, applicationId: string): Promise<Subscription[]> {
  const rows = await db
    .selectFrom('subscriptions')
    .selectAll()
    .where('application_id', '=', applicationId)
    .orderBy('created_at')
    .orderBy('id')
    .execute();
  return rows.map(toSubscription);
}

/** @throws the engine's constraint error when the application is subscribed already, or one of the two is missing. */
export async function createSubscription(
  tx: StoreTransaction,
  subscription: Subscription,
  { createdAt }: { createdAt: number },
): Promise<void> {
  const { id, apiId, applicationId, tier, state } = subscription;
  await tx.db
    .insertInto('subscriptions')
    .values({ id, api_id: apiId, application_id: applicationId, tier, state, created_at: createdAt })
    .execute();
  tx.record({ kind: 'subscription', id, value: subscription });
}

/** Changes tier or state. False when there is no such subscription. */
export async function updateSubscription(
  tx: StoreTransaction,
  id: string,
  change: { tier?: string; state?: SubscriptionState },
): Promise<boolean> {
  const row = await tx.db
    .updateTable('subscriptions')
    .set(change)
    .where('id', '=', id)
    .returningAll()
    .executeTakeFirst();
  if (row) tx.record({ kind: 'subscription', id, value: toSubscription(row) });
  return row !== undefined;
}

export async function deleteSubscription(tx: StoreTransaction, id: string): Promise<boolean> {
  const { numDeletedRows } = await tx.db.deleteFrom('subscriptions').where('id', '=', id).executeTakeFirstOrThrow();
  if (numDeletedRows === 0n) return false;
  tx.record({ kind: 'subscription', id, value: null });
  return true;
}

/** What a token says of a subscription. */
export interface SubscribedApi {
  readonly name: string;
  readonly context: string;
  readonly version: string;
  readonly provider: string;
  readonly tier: string;
  readonly tenant: string;
}

/** The APIs that the application is subscribed to, without those that wait for approval or were rejected. */
export function subscribedApis(db: Queryable, applicationId: string): Promise<SubscribedApi[]> {
  return db
    .selectFrom('subscriptions')
    .innerJoin('apis', 'apis.id', 'subscriptions.api_id')
    .innerJoin('applications', 'applications.id', 'subscriptions.application_id')
    .select(['apis.name', 'apis.context', 'apis.version', 'apis.provider', 'subscriptions.tier', 'applications.tenant'])
    .where('subscriptions.application_id', '=', applicationId)
    .where('subscriptions.state', 'not in', ['ON_HOLD', 'REJECTED'])
    .orderBy('apis.context')
    .orderBy('apis.version')
    .execute();
}
