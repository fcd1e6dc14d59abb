import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import {
  type AuthorizationServer,
  addClient,
  addSubscribedApplication,
  startAuthorizationServer,
} from '../../../test/conformance/authorization-server.ts';
import { catalogApi } from '../../../test/support/catalog-api.ts';
import type { ConsumerKey } from '../../adapters/key-managers/built-in.ts';
import { createApi } from '../../adapters/stores/apis.ts';
import { createSubscription } from '../../adapters/stores/subscriptions.ts';

let server: AuthorizationServer;
let client: ConsumerKey;
let bare: ConsumerKey;
before(async () => {
  server = await startAuthorizationServer();
  await server.km.users.create({ name: 'admin', password: 'admin', roles: ['admin', 'editor'] });
  client = await addSubscribedApplication(server);
  bare = await addClient(server);
  await server.km.users.create({ name: 'editor', password: 'password', roles: ['editor'] });
  await server.km.users.create({ name: 'nobody', password: 'password', roles: [] });
  await server.km.users.create({ name: 'creator', password: 'password', roles: ['Internal/creator'] });
  const api = {
    version: '1',
    provider: 'admin@carbon.super',
    isDefaultVersion: false,
    status: 'PUBLISHED',
    resources: [],
    endpoints: {},
    cors: null,
  } as const;
  await server.store.transaction(async (tx) => {
    const at = { tenant: 'carbon.super', definition: '{}' };
    // Subscribed, and its `update` is for others than the first API's.
    const second = [
      { name: 'update', roles: ['admin'] },
      { name: 'default', roles: [] },
      { name: 'am_application_scope', roles: [] },
    ];
    await createApi(tx, catalogApi({ ...api, id: 'api-2', name: 'Second', context: '/second', scopes: second }), at);
    await createSubscription(
      tx,
      { id: 'sub-2', apiId: 'api-2', applicationId: 'app-1', tier: 'Gold', state: 'BLOCKED' },
      { createdAt: 1 },
    );
    const third = [{ name: 'elsewhere', roles: [] }];
    await createApi(tx, catalogApi({ ...api, id: 'api-3', name: 'Third', context: '/third', scopes: third }), at);
  });
});
after(() => server[Symbol.asyncDispose]());

const scopeOf = async (user: string, scope: string, by = client) => {
  const password = user === 'admin' ? 'admin' : 'password';
  const answer = await server.post('/oauth2/token', { grant_type: 'password', username: user, password, scope }, by);
  return answer.json.scope;
};

test('a scope without roles is for everybody, one with roles for those who have one of them', async () => {
  assert.equal(await scopeOf('nobody', 'read'), 'read');
  assert.equal(await scopeOf('nobody', 'read update'), 'read');
  assert.equal(await scopeOf('admin', 'update read'), 'read update');
});

test('a scope that two subscribed APIs define needs the consent of both', async () => {
  assert.equal(await scopeOf('editor', 'update'), 'default');
});

test('a scope of an API without subscription, an unknown one and none are the default scope', async () => {
  for (const scope of ['elsewhere', 'unknown', '']) assert.equal(await scopeOf('admin', scope), 'default');
});

test('openid and device_ scopes need no definition', async () => {
  assert.equal(await scopeOf('nobody', 'openid device_1 device_ opendi xdevice_1'), 'device_ device_1 openid');
});

test('marks of the key manager are not for the asking', async () => {
  assert.equal(await scopeOf('admin', 'am_application_scope'), 'default');
  assert.equal(await scopeOf('admin', 'am_application_scope default read'), 'read');
});

test('REST API scopes go by the role, with any client', async () => {
  assert.equal(await scopeOf('creator', 'apim:api_create apim:api_publish', bare), 'apim:api_create');
  assert.equal(await scopeOf('admin', 'apim:admin apim:api_publish', bare), 'apim:admin apim:api_publish');
  assert.equal(await scopeOf('nobody', 'apim:api_view', bare), 'default');
});

test('a token of the application has its mark, and the scopes that its owner may have', async () => {
  const ask = async (scope: string, by = client) =>
    (await server.post('/oauth2/token', { grant_type: 'client_credentials', scope }, by)).json.scope;
  assert.equal(await ask(''), 'am_application_scope default');
  assert.equal(await ask('update read unknown'), 'am_application_scope read update');
  assert.equal(await ask('device_1', bare), 'am_application_scope device_1');
});
