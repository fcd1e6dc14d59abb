import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { catalogApi } from '../../../test/support/catalog-api.ts';
import type { Api } from '../../core/api.ts';
import { builtInPolicies } from '../../core/policy.ts';
import { createApi, definedScopeNames, deleteApi, findApi, subscribedScopes, updateApi } from './apis.ts';
import { applicationsOf, createApplication, deleteApplication, updateApplication } from './applications.ts';
import { createClient, deleteClient, findClient, updateClient } from './clients.ts';
import { addBuiltInPolicies, deletePolicy, findPolicies, listPolicies, putPolicy } from './policies.ts';
import { openSqliteStore } from './sqlite.ts';
import type { Store } from './store.ts';
import { createSubscription, deleteSubscription, subscribedApis, updateSubscription } from './subscriptions.ts';

const stores: Store[] = [];
after(() => Promise.all(stores.map((store) => store.close())));

const api = (id: string, scopes: Api['scopes'] = []): Api => ({
  id,
  name: `Api${id}`,
  version: '1',
  provider: 'admin@carbon.super',
  context: `/${id}`,
  isDefaultVersion: false,
  status: 'PUBLISHED',
  resources: [],
  endpoints: {},
  cors: null,
  scopes,
});
const application = { id: 'app', tenant: 'carbon.super', name: 'App', owner: 'mary@carbon.super', tier: 'Unlimited' };
const client = {
  consumer_key: 'key',
  tenant: 'carbon.super',
  application_id: 'app',
  key_type: 'SANDBOX',
  name: 'App SANDBOX',
  owner: 'mary@carbon.super',
  secret_sealed: 'sealed',
  secret_hash: null,
  token_type: 'JWT',
  grant_types: 'password',
  callback_url: '',
  saas_app: 0,
  state: 'ACTIVE',
  created_at: 1,
} as const;
const at = { tenant: 'carbon.super', definition: '{}' };

/** A store with one API, one application with a key, subscribed; and the changes since then, in short form. */
async function subscribed() {
  const store = await openSqliteStore(':memory:');
  stores.push(store);
  await store.transaction(async (tx) => {
    await createApi(tx, catalogApi(api('pizza', [{ name: 'read', roles: [] }])), at);
    await createApplication(tx, { ...application, tokenType: 'JWT', createdAt: 1 });
    await createSubscription(
      tx,
      { id: 'sub', apiId: 'pizza', applicationId: 'app', tier: 'Gold', state: 'UNBLOCKED' },
      { createdAt: 1 },
    );
    await createClient(tx, client);
  });
  const { number } = await store.changes.head();
  const changes = async () =>
    (await store.changes.after(number, 100))?.map((c) => `${c.value === null ? 'delete' : 'put'} ${c.kind} ${c.id}`);
  return { store, changes };
}

test('what is created is announced in a form that gateways know', async () => {
  const { store } = await subscribed();
  const changes = await store.changes.after(0, 10);
  assert.deepEqual(
    changes?.map(({ kind, id, value }) => ({ kind, id, value })),
    [
      { kind: 'api', id: 'pizza', value: api('pizza', [{ name: 'read', roles: [] }]) },
      {
        kind: 'application',
        id: 'app',
        value: { ordinal: 1, id: 'app', name: 'App', owner: 'mary@carbon.super', tier: 'Unlimited' },
      },
      {
        kind: 'subscription',
        id: 'sub',
        value: { id: 'sub', apiId: 'pizza', applicationId: 'app', tier: 'Gold', state: 'UNBLOCKED' },
      },
      { kind: 'key', id: 'key', value: { consumerKey: 'key', applicationId: 'app', keyType: 'SANDBOX' } },
    ],
  );
});

test('an API is replaced with its scopes', async () => {
  const { store, changes } = await subscribed();
  const changed = catalogApi(api('pizza', [{ name: 'update', roles: ['editor', 'admin'] }]));
  assert.equal(await store.transaction((tx) => updateApi(tx, changed)), true);
  assert.equal(await store.transaction((tx) => updateApi(tx, catalogApi(api('other')))), false);
  assert.deepEqual(await changes(), ['put api pizza']);
  assert.deepEqual(await findApi(store.db, 'pizza'), changed);
  assert.deepEqual(await definedScopeNames(store.db, 'carbon.super', ['read', 'update']), new Set(['update']));
  assert.deepEqual(await subscribedScopes(store.db, 'app', ['read', 'update']), [
    { name: 'update', roles: ['editor', 'admin'] },
  ]);
});

test('deleting an API deletes its subscriptions too', async () => {
  const { store, changes } = await subscribed();
  assert.equal(await store.transaction((tx) => deleteApi(tx, 'pizza')), true);
  assert.equal(await store.transaction((tx) => deleteApi(tx, 'pizza')), false);
  assert.deepEqual(await changes(), ['delete subscription sub', 'delete api pizza']);
  assert.deepEqual(await subscribedScopes(store.db, 'app', ['read']), []);
});

test('deleting an application deletes its subscriptions and keys too', async () => {
  const { store, changes } = await subscribed();
  assert.equal(await store.transaction((tx) => deleteApplication(tx, 'app')), true);
  assert.equal(await store.transaction((tx) => deleteApplication(tx, 'app')), false);
  assert.deepEqual(await changes(), ['delete subscription sub', 'delete key key', 'delete application app']);
  assert.equal(await findClient(store.db, 'key'), null);
});

test('an application changes and keeps its ordinal; ordinals are not given twice', async () => {
  const { store, changes } = await subscribed();
  await store.transaction((tx) => updateApplication(tx, 'app', { tier: '10PerMin' }));
  assert.deepEqual(await changes(), ['put application app']);
  const [row] = await applicationsOf(store.db, 'mary@carbon.super');
  assert.deepEqual([row?.ordinal, row?.tier], [1, '10PerMin']);
  await store.transaction((tx) => deleteApplication(tx, 'app'));
  const next = await store.transaction((tx) =>
    createApplication(tx, { ...application, id: 'app2', tokenType: 'OPAQUE', createdAt: 2 }),
  );
  assert.equal(next.ordinal, 2);
});

test('a key that is put out of use is gone for the gateways, and comes back', async () => {
  const { store, changes } = await subscribed();
  await store.transaction((tx) => updateClient(tx, 'key', { state: 'INACTIVE' }));
  await store.transaction((tx) => updateClient(tx, 'key', { state: 'ACTIVE' }));
  await store.transaction((tx) => deleteClient(tx, 'key'));
  assert.equal(await store.transaction((tx) => updateClient(tx, 'key', { state: 'ACTIVE' })), false);
  assert.deepEqual(await changes(), ['delete key key', 'put key key', 'delete key key']);
});

test('a client of no application is none of the gateways business', async () => {
  const { store, changes } = await subscribed();
  await store.transaction((tx) => createClient(tx, { ...client, consumer_key: 'bare', application_id: null }));
  await store.transaction((tx) => deleteClient(tx, 'bare'));
  assert.deepEqual(await changes(), []);
});

test('a subscription changes, waits for approval, and ends', async () => {
  const { store, changes } = await subscribed();
  await store.transaction((tx) => updateSubscription(tx, 'sub', { state: 'BLOCKED', tier: 'Bronze' }));
  assert.equal((await subscribedApis(store.db, 'app'))[0]?.tier, 'Bronze');
  await store.transaction((tx) => updateSubscription(tx, 'sub', { state: 'ON_HOLD' }));
  assert.deepEqual(await subscribedApis(store.db, 'app'), []);
  assert.deepEqual(await subscribedScopes(store.db, 'app', ['read']), []);
  await store.transaction((tx) => deleteSubscription(tx, 'sub'));
  assert.deepEqual(await changes(), ['put subscription sub', 'put subscription sub', 'delete subscription sub']);
});

test('a failed transaction announces nothing', async () => {
  const { store, changes } = await subscribed();
  await assert.rejects(
    store.transaction((tx) => createApi(tx, catalogApi({ ...api('second'), context: '/pizza' }), at)),
    /UNIQUE/,
  );
  assert.deepEqual(await changes(), []);
});

test('the built-in policies are added once and what was changed stays', async () => {
  const { store } = await subscribed();
  const gold = {
    level: 'subscription',
    name: 'Gold',
    limit: { count: 1, windowMs: 1000 },
    stopOnQuota: false,
  } as const;
  await store.transaction(async (tx) => putPolicy(tx, gold));
  await store.transaction(addBuiltInPolicies);
  await store.transaction(addBuiltInPolicies);
  assert.equal((await listPolicies(store.db)).length, builtInPolicies.length);
  assert.deepEqual(await findPolicies(store.db, 'subscription', ['Gold']), [gold]);
  await store.transaction(async (tx) => deletePolicy(tx, 'subscription', 'Gold'));
  assert.deepEqual(await findPolicies(store.db, 'subscription', ['Gold']), []);
});
