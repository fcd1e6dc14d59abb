/** Subscriptions of the caller's applications. */

import { findApi } from '../../../adapters/stores/apis.ts';
import type { ApplicationRow } from '../../../adapters/stores/applications.ts';
import { findApplication } from '../../../adapters/stores/applications.ts';
import type { Queryable } from '../../../adapters/stores/store.ts';
import {
  findSubscription,
  type ListedSubscription,
  listedSubscription,
  searchSubscriptions,
} from '../../../adapters/stores/subscriptions.ts';
import { findAnyWaiting } from '../../../adapters/stores/workflows.ts';
import type { Subscription } from '../../../core/application.ts';
import type { CatalogApi } from '../../../core/catalog-api.ts';
import { RestError } from '../../../platform/rest-error.ts';
import type { Caller } from '../../rest/caller.ts';
import type * as dto from '../../rest/definitions/developer-portal.ts';
import { accepted, created, type Operation, type Operations, ok, type RestCall } from '../../rest/operation.ts';
import { page, rangeOf } from '../../rest/page.ts';
import { visibleApi } from '../../services/apis/portal-apis.ts';
import { usableApplication } from '../../services/applications/applications.ts';
import { changeTier, subscribe, unsubscribe } from '../../services/subscriptions/subscriptions.ts';
import { toApiInfo } from './api-form.ts';
import { toApplicationInfo, waiting } from './applications.ts';

const list: Operation = async (call, deps) => {
  const { db } = deps.store;
  const { rows, total } = await searchSubscriptions(db, {
    owner: call.caller.fullName,
    tenant: call.caller.tenant,
    apiId: call.query('apiId'),
    applicationId: call.query('applicationId'),
    ...rangeOf(call),
  });
  return ok(page(call, await describeAll(db, rows), total));
};

const create: Operation = async (call, deps) => {
  const asked = call.json<dto.Subscription>();
  const made = await deps.store.transaction(async (tx) =>
    subscribe(tx, deps, await readSubscription(tx.db, call.caller, asked), call.caller),
  );
  const body = await describe(deps.store.db, made.id);
  if (made.state === 'ON_HOLD') return accepted(waiting({ subscriptionId: made.id }));
  return created(body, `${call.base}/subscriptions/${made.id}`);
};

/** All of them, or none. */
const createMany: Operation = async (call, deps) => {
  const asked = call.json<dto.Subscription[]>();
  const ids = await deps.store.transaction(async (tx) => {
    const made: string[] = [];
    for (const one of asked) {
      const read = await readSubscription(tx.db, call.caller, one);
      made.push((await subscribe(tx, deps, read, call.caller)).id);
    }
    return made;
  });
  const bodies: dto.Subscription[] = [];
  for (const id of ids) bodies.push(await describe(deps.store.db, id));
  return ok(bodies);
};

const read: Operation = async (call, { store }) => {
  const { subscription } = await ownSubscription(store.db, call);
  return ok(await describe(store.db, subscription.id));
};

const update: Operation = async (call, deps) => {
  const { throttlingPolicy, requestedThrottlingPolicy, applicationId, apiId } = call.json<dto.Subscription>();
  const tier = requestedThrottlingPolicy || throttlingPolicy;
  const { id, done } = await deps.store.transaction(async (tx) => {
    const own = await ownSubscription(tx.db, call);
    if (applicationId !== own.application.id || (apiId !== undefined && apiId !== own.api.id)) {
      throw new RestError(400, 'Only the tier of a subscription can be changed, not its application or API.');
    }
    return { id: own.subscription.id, done: await changeTier(tx, deps, { ...own, tier }, call.caller) };
  });
  return done ? ok(await describe(deps.store.db, id)) : accepted(waiting({ subscriptionId: id }));
};

const remove: Operation = async (call, deps) => {
  const own = await deps.store.transaction(async (tx) => {
    const found = await ownSubscription(tx.db, call);
    return { ...found, done: await unsubscribe(tx, deps, found, call.caller) };
  });
  return own.done ? ok() : accepted(waiting({ subscriptionId: own.subscription.id }));
};

export const subscriptions: Operations = {
  'GET /subscriptions': list,
  'POST /subscriptions': create,
  'POST /subscriptions/multiple': createMany,
  'GET /subscriptions/{subscriptionId}': read,
  'PUT /subscriptions/{subscriptionId}': update,
  'DELETE /subscriptions/{subscriptionId}': remove,
};

async function readSubscription(db: Queryable, caller: Caller, asked: dto.Subscription) {
  if (!asked.apiId) throw new RestError(400, 'apiId: the API to subscribe to is missing.');
  const application = await usableApplication(db, caller, asked.applicationId);
  return { application, api: await visibleApi(db, caller, asked.apiId), tier: asked.throttlingPolicy };
}

/** @throws RestError 404 when it is none of the caller's */
async function ownSubscription(
  db: Queryable,
  call: RestCall,
): Promise<{ subscription: Subscription; application: ApplicationRow; api: CatalogApi }> {
  const id = call.param('subscriptionId');
  const subscription = await findSubscription(db, id);
  const application = subscription && (await findApplication(db, subscription.applicationId));
  const api = subscription && (await findApi(db, subscription.apiId));
  if (!subscription || !api || application?.owner !== call.caller.fullName) {
    throw new RestError(404, `There is no subscription ${id}.`);
  }
  return { subscription, application, api };
}

async function describe(db: Queryable, id: string): Promise<dto.Subscription> {
  const row = await listedSubscription(db, id);
  if (!row) throw new RestError(404, `There is no subscription ${id}.`);
  return (await describeAll(db, [row]))[0] as dto.Subscription;
}

async function describeAll(db: Queryable, rows: readonly ListedSubscription[]): Promise<dto.Subscription[]> {
  const changes = await findAnyWaiting(
    db,
    'SUBSCRIPTION_UPDATE',
    rows.map(({ subscription }) => subscription.id),
  );
  const wanted = new Map(changes.map((row) => [row.subject_id, String(JSON.parse(row.properties).tier)]));
  return rows.map(({ subscription, api, application, subscriptionsOfApplication }) => {
    const tier = wanted.get(subscription.id);
    return {
      subscriptionId: subscription.id,
      applicationId: application.id,
      apiId: api.id,
      // The definition requires these two without having them.
      apiName: api.name,
      apiVersion: api.version,
      apiInfo: toApiInfo(api),
      applicationInfo: toApplicationInfo(application, subscriptionsOfApplication),
      throttlingPolicy: subscription.tier,
      requestedThrottlingPolicy: tier ?? subscription.tier,
      status: tier === undefined ? subscription.state : 'TIER_UPDATE_PENDING',
    };
  });
}
