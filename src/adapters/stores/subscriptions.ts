/** Subscriptions in SQL; every change is announced to the gateways. */
import type { Subscription, SubscriptionState } from '../../core/application.ts';
import type { CatalogApi } from '../../core/catalog-api.ts';
import type { ApplicationRow } from './applications.ts';
import type { Schema } from './schema.ts';
import type { Queryable, StoreTransaction } from './store.ts';
import { removeWaiting } from './workflows.ts';

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

/** The subscription of an application to an API. */
export async function findSubscriptionTo(
  db: Queryable,
  applicationId: string,
  apiId: string,
): Promise<Subscription | null> {
  const row = await db
    .selectFrom('subscriptions')
    .selectAll()
    .where('application_id', '=', applicationId)
    .where('api_id', '=', apiId)
    .executeTakeFirst();
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

/** All subscriptions to these APIs, with the names of the applications, oldest first. */
export async function subscribersOf(
  db: Queryable,
  apiIds: readonly string[],
): Promise<{ subscription: Subscription; applicationName: string }[]> {
  const rows = await db
    .selectFrom('subscriptions')
    .innerJoin('applications', 'applications.id', 'subscriptions.application_id')
    .selectAll('subscriptions')
    .select('applications.name as applicationName')
    .where('subscriptions.api_id', 'in', apiIds)
    .orderBy('subscriptions.created_at')
    .orderBy('subscriptions.id')
    .execute();
  return rows.map(({ applicationName, ...row }) => ({ subscription: toSubscription(row), applicationName }));
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

/** Deletes a subscription, and what waits for somebody's approval about it. */
export async function deleteSubscription(tx: StoreTransaction, id: string): Promise<boolean> {
  await removeWaiting(tx, [id]);
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

/** The APIs with scopes that the application is subscribed to, without subscriptions that wait or were rejected. */
export async function subscribedApisWithScopes(db: Queryable, applicationId: string): Promise<CatalogApi[]> {
  const ids = db
    .selectFrom('subscriptions')
    .innerJoin('api_scopes', 'api_scopes.api_id', 'subscriptions.api_id')
    .select('subscriptions.api_id')
    .where('subscriptions.application_id', '=', applicationId)
    .where('subscriptions.state', 'not in', ['ON_HOLD', 'REJECTED']);
  const rows = await db.selectFrom('apis').select('body').where('id', 'in', ids).orderBy('name').execute();
  return rows.map((row) => JSON.parse(row.body) as CatalogApi);
}

export interface ListedSubscription {
  readonly subscription: Subscription;
  readonly api: CatalogApi;
  readonly application: ApplicationRow;
  readonly subscriptionsOfApplication: number;
}

export interface SubscriptionSearch {
  /** `name@tenant` of the applications' owner. */
  readonly owner: string;
  readonly tenant: string;
  readonly apiId?: string | undefined;
  readonly applicationId?: string | undefined;
  readonly offset: number;
  readonly limit: number;
}

/** A page of somebody's subscriptions, those of an application together, with the number of all. */
export async function searchSubscriptions(
  db: Queryable,
  search: SubscriptionSearch,
): Promise<{ rows: ListedSubscription[]; total: number }> {
  const applications = db
    .selectFrom('applications')
    .select('id')
    .where('tenant', '=', search.tenant)
    .where('owner', '=', search.owner);
  let query = db.selectFrom('subscriptions').where('application_id', 'in', applications);
  if (search.apiId !== undefined) query = query.where('api_id', '=', search.apiId);
  if (search.applicationId !== undefined) query = query.where('application_id', '=', search.applicationId);
  const { total } = await query.select((e) => e.fn.countAll<number>().as('total')).executeTakeFirstOrThrow();
  const page = await query
    .select('id')
    // The order of the index that finds them, so that nothing has to be sorted.
    .orderBy('application_id')
    .orderBy('api_id')
    .offset(search.offset)
    .limit(search.limit)
    .execute();
  const ids = page.map((row) => row.id);
  const rows = ids.length === 0 ? [] : await listed(db, ids);
  return { rows, total: Number(total) };
}

/** One of them, whosever it is. */
export async function listedSubscription(db: Queryable, id: string): Promise<ListedSubscription | null> {
  return (await listed(db, [id]))[0] ?? null;
}

async function listed(db: Queryable, ids: readonly string[]): Promise<ListedSubscription[]> {
  const rows = await db
    .selectFrom('subscriptions as s')
    .innerJoin('apis', 'apis.id', 's.api_id')
    .innerJoin('applications as a', 'a.id', 's.application_id')
    .selectAll('a')
    .select([
      's.id as subscription_id',
      's.api_id',
      's.tier as subscription_tier',
      's.state',
      'apis.body',
      (e) =>
        e
          .selectFrom('subscriptions as all')
          .select((i) => i.fn.countAll<number>().as('number'))
          .whereRef('all.application_id', '=', 'a.id')
          .as('subscriptions'),
    ])
    .where('s.id', 'in', ids)
    .orderBy('s.application_id')
    .orderBy('s.api_id')
    .execute();
  return rows.map(({ subscription_id, api_id, subscription_tier, state, body, subscriptions, ...application }) => ({
    subscription: { id: subscription_id, apiId: api_id, applicationId: application.id, tier: subscription_tier, state },
    api: JSON.parse(body) as CatalogApi,
    application,
    subscriptionsOfApplication: Number(subscriptions),
  }));
}
