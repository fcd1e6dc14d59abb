/** Browsing the developer portal: who sees which APIs, and what is told of them. */
import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { call, closeConnections } from '../../support/call.ts';
import { fillStore } from '../../support/fill-store.ts';
import { newDataFolder, type Postern, startPostern } from '../../support/postern.ts';
import { logIn, type RestClient, restClient } from '../../support/rest.ts';

const data = newDataFolder();
const publisherScopes = [
  'apim:api_create',
  'apim:api_publish',
  'apim:api_view',
  'apim:document_create',
  'apim:api_delete',
];
let postern: Postern;
let base: string;
let anonymous: RestClient;
let admin: RestClient;
let mary: RestClient;
let vera: RestClient;
let publisher: RestClient;
/** Ids by name. */
const ids: Record<string, string> = {};

before(async () => {
  postern = await startPostern({ data });
  await fillStore(data, async (fill) => {
    await fill.user('mary', ['Internal/everyone', 'Internal/subscriber']);
    await fill.user('vera', ['Internal/everyone', 'Internal/subscriber', 'vip']);
  });
  base = `${postern.server}/api/am/store/v1`;
  const scopes = ['apim:subscribe', 'apim:app_manage', 'apim:sub_manage', 'apim:store_settings'];
  const as = async (user: string): Promise<RestClient> =>
    restClient(base, await logIn(postern.server, { user, password: `password of ${user}`, scopes }));
  anonymous = restClient(base);
  admin = restClient(base, await logIn(postern.server, { scopes }));
  mary = await as('mary');
  vera = await as('vera');
  publisher = restClient(
    `${postern.server}/api/am/publisher/v1`,
    await logIn(postern.server, { scopes: publisherScopes }),
  );
  await publish('Weather', { visibility: 'PUBLIC', tags: ['sky', 'data'], description: 'Rain 100% sure' });
  await publish('Members', { visibility: 'PRIVATE', tags: ['data'] });
  await publish('Secrets', { visibility: 'RESTRICTED', visibleRoles: ['vip'], tags: ['hidden'] });
  await publish('Draft', {}, false);
});
after(async () => {
  closeConnections();
  await postern?.stop();
  rmSync(data, { recursive: true, force: true });
});

async function publish(name: string, more: Record<string, unknown>, published = true): Promise<void> {
  const created = await publisher.post('/apis', {
    name,
    context: `/${name.toLowerCase()}`,
    version: '1.0.0',
    policies: ['Gold', 'Unlimited'],
    operations: [{ target: '/x', verb: 'GET' }],
    endpointConfig: { endpoint_type: 'http', production_endpoints: { url: 'http://127.0.0.1:1/' } },
    ...more,
  });
  assert.equal(created.status, 201, created.body);
  ids[name] = created.json().id;
  if (!published) return;
  const moved = await publisher.post(`/apis/change-lifecycle?action=Publish&apiId=${ids[name]}`);
  assert.equal(moved.status, 200, moved.body);
}

async function names(client: RestClient, query = ''): Promise<string[]> {
  const answer = await client.get(`/apis?query=${encodeURIComponent(query)}`);
  assert.equal(answer.status, 200, answer.body);
  return answer
    .json()
    .list.map((api: { name: string }) => api.name)
    .filter((name: string) => name in ids);
}

test('strangers see public APIs, users also those of the tenant, roles also what is restricted to them', async () => {
  assert.deepEqual(await names(anonymous), ['Weather']);
  assert.deepEqual(await names(mary), ['Members', 'Weather']);
  assert.deepEqual(await names(vera), ['Members', 'Secrets', 'Weather']);
  assert.deepEqual(await names(admin), ['Members', 'Secrets', 'Weather']);
});

test('404 for an API that the visitor does not see, in every way to ask for it', async () => {
  for (const path of ['', '/swagger', '/documents', '/ratings', '/comments', '/thumbnail', '/subscription-policies']) {
    assert.equal((await mary.get(`/apis/${ids.Secrets}${path}`)).status, 404, path);
  }
  assert.equal((await vera.get(`/apis/${ids.Secrets}`)).status, 200);
  assert.equal((await admin.get(`/apis/${ids.Draft}`)).status, 404);
});

test('400 and 404 when somebody subscribes to what is not published or not visible', async () => {
  const application = (await mary.post('/applications', { name: 'x', throttlingPolicy: 'Unlimited' })).json();
  const { applicationId } = application;
  const subscribe = (apiId: string | undefined) =>
    mary.post('/subscriptions', { apiId, applicationId, throttlingPolicy: 'Gold' });
  assert.equal((await subscribe(ids.Secrets)).status, 404);
  assert.equal((await subscribe(ids.Draft)).status, 404);
  assert.equal((await subscribe(ids.Members)).status, 201);
});

test('search by part of the name, by tag, version, context, description, provider and status', async () => {
  assert.deepEqual(await names(anonymous, 'eath'), ['Weather']);
  assert.deepEqual(await names(anonymous, 'tag:sky'), ['Weather']);
  assert.deepEqual(await names(vera, 'tag:data'), ['Members', 'Weather']);
  assert.deepEqual(await names(mary, 'context:members version:1.0'), ['Members']);
  assert.deepEqual(await names(mary, 'description:"rain 100% sure"'), ['Weather']);
  assert.deepEqual(await names(mary, 'description:"rain 1__% sure"'), []);
  assert.deepEqual(await names(mary, 'provider:admin status:PUBLISHED name:Mem'), ['Members']);
  assert.deepEqual(await names(mary, 'status:CREATED'), []);
});

test('pages of the list', async () => {
  const first = (await vera.get('/apis?limit=2&query=version:1.0.0')).json();
  const { total, next } = first.pagination;
  assert.deepEqual([first.count, total], [2, 4]);
  const second = (await vera.get(next)).json();
  assert.deepEqual([second.count, second.pagination.next], [2, '']);
});

test('tags are counted over what the visitor sees', async () => {
  const tagsOf = async (client: RestClient) =>
    (await client.get('/tags')).json().list.map(({ value, count }: { value: string; count: number }) => [value, count]);
  assert.deepEqual(
    (await tagsOf(anonymous)).filter(([tag]: [string]) => ['data', 'sky', 'hidden'].includes(tag)),
    [
      ['data', 1],
      ['sky', 1],
    ],
  );
  assert.ok((await tagsOf(vera)).some(([tag, count]: [string, number]) => tag === 'data' && count === 2));
});

test('an API tells its addresses at the gateway, its tiers and its definition with the gateway as server', async () => {
  const api = (await anonymous.get(`/apis/${ids.Weather}`)).json();
  assert.deepEqual(api.endpointURLs[0].URLs, {
    http: `${postern.http}/weather/1.0.0`,
    https: `${postern.https}/weather/1.0.0`,
  });
  assert.deepEqual(
    api.tiers.map((tier: { tierName: string }) => tier.tierName),
    ['Gold', 'Unlimited'],
  );
  assert.equal(api.isSubscriptionAvailable, true);
  assert.equal('endpointConfig' in api, false);
  const definition = (await anonymous.get(`/apis/${ids.Weather}/swagger`)).json();
  assert.deepEqual(definition.servers, [
    { url: `${postern.https}/weather/1.0.0` },
    { url: `${postern.http}/weather/1.0.0` },
  ]);
  assert.ok(definition.paths['/x'].get);
  assert.doesNotMatch(JSON.stringify(definition), /127\.0\.0\.1:1\b/);
  // A list, as in the definition's example; its schema, which has no type, is of what the list holds.
  const tiers = (await call(`${base}/apis/${ids.Weather}/subscription-policies`)).json();
  assert.deepEqual(tiers.map((tier: { name: string; requestCount: number }) => [tier.name, tier.requestCount])[0], [
    'Gold',
    5000,
  ]);
});

test('documents: for everybody who sees the API, unless they are for publishers', async () => {
  const add = async (name: string, visibility: string, content: string): Promise<string> => {
    const made = await publisher.post(`/apis/${ids.Weather}/documents`, {
      name,
      type: 'HOWTO',
      summary: `about ${name}`,
      sourceType: 'INLINE',
      visibility,
      inlineContent: content,
    });
    assert.equal(made.status, 201, made.body);
    return made.json().documentId;
  };
  const open = await add('umbrella', 'API_LEVEL', 'take one');
  const closed = await add('storm', 'PRIVATE', 'not for developers');
  const list = (await mary.get(`/apis/${ids.Weather}/documents`)).json();
  assert.deepEqual(
    list.list.map((one: { name: string }) => one.name),
    ['umbrella'],
  );
  const content = await anonymous.get(`/apis/${ids.Weather}/documents/${open}/content`);
  assert.deepEqual([content.status, content.body], [200, 'take one']);
  assert.equal((await mary.get(`/apis/${ids.Weather}/documents/${closed}/content`)).status, 404);
  const found = async (client: RestClient, query: string) =>
    (await client.get(`/search?query=${query}`))
      .json()
      .list.map((one: { name: string; type: string }) => [one.type, one.name]);
  assert.deepEqual(await found(anonymous, 'umbrella'), [['DOC', 'umbrella']]);
  assert.deepEqual(await found(anonymous, 'doc:take'), [['DOC', 'umbrella']]);
  assert.deepEqual(await found(mary, 'storm'), []);
  assert.deepEqual(await found(anonymous, 'Weather'), [['API', 'Weather']]);
  assert.deepEqual(await found(anonymous, 'Secrets'), []);
});

test('ratings: one of each user, 1 to 5, and their average with the API', async () => {
  const rate = (client: RestClient, rating: number) => client.put(`/apis/${ids.Weather}/user-rating`, { rating });
  assert.equal((await rate(mary, 6)).status, 400);
  assert.equal((await rate(anonymous, 3)).status, 401);
  assert.equal((await rate(mary, 1)).status, 200);
  assert.equal((await rate(mary, 2)).status, 200);
  assert.equal((await rate(vera, 5)).status, 200);
  const list = (await mary.get(`/apis/${ids.Weather}/ratings`)).json();
  assert.deepEqual([list.avgRating, list.userRating, list.count], ['3.5', 2, 2]);
  assert.equal((await anonymous.get(`/apis/${ids.Weather}`)).json().avgRating, '3.5');
  assert.equal((await mary.delete(`/apis/${ids.Weather}/user-rating`)).status, 200);
  assert.equal((await mary.get(`/apis/${ids.Weather}/user-rating`)).status, 404);
});

test('comments: written by users, read by who sees the API, deleted by their authors or an administrator', async () => {
  const path = `/apis/${ids.Weather}/comments`;
  const write = async (client: RestClient, content: string): Promise<string> => {
    const made = await client.post(path, { content });
    assert.equal(made.status, 201, made.body);
    assert.equal(made.headers.location, `${base}${path}/${made.json().id}`);
    return made.json().id;
  };
  const first = await write(mary, 'nice');
  const second = await write(mary, 'really');
  assert.equal((await mary.post(path, { content: '  ' })).status, 400);
  assert.equal((await anonymous.post(path, { content: 'x' })).status, 401);
  assert.equal((await anonymous.get(path)).json().count, 2);
  assert.equal((await anonymous.get(`${path}/${first}`)).json().createdBy, 'mary');
  assert.equal((await vera.delete(`${path}/${first}`)).status, 403);
  assert.equal((await mary.delete(`${path}/${first}`)).status, 200);
  assert.equal((await admin.delete(`${path}/${second}`)).status, 200);
  assert.equal((await anonymous.get(path)).json().count, 0);
});

test('policies, settings and the lists that say what there is', async () => {
  const [policies] = (await anonymous.get('/throttling-policies/application')).json();
  assert.deepEqual(
    policies.list.map((one: { name: string }) => one.name),
    ['10PerMin', '20PerMin', '50PerMin', 'Unlimited'],
  );
  assert.equal((await anonymous.get('/throttling-policies/subscription/Gold')).json().requestCount, 5000);
  assert.equal((await anonymous.get('/throttling-policies/subscription/Unauthenticated')).status, 404);
  assert.equal((await anonymous.get('/throttling-policies/other')).status, 400);
  assert.equal((await mary.get('/settings')).json().applicationSharingEnabled, false);
  assert.equal((await anonymous.get('/settings')).status, 401);
  for (const path of [
    '/settings/application-attributes',
    '/recommendations',
    '/sdk-gen/languages',
    '/api-categories',
  ]) {
    assert.equal((await mary.get(path)).status, 200, path);
  }
  assert.deepEqual((await anonymous.get('/tenants')).json().list, [{ domain: 'carbon.super', status: 'active' }]);
  assert.equal((await mary.get('/key-managers')).json().list[0].name, 'Resident Key Manager');
});

test('403 for signing up where that is switched off, as it is unless somebody switches it on', async () => {
  const user = {
    username: 'newbie',
    password: 'a password',
    firstName: 'New',
    lastName: 'User',
    email: 'n@example.org',
  };
  assert.equal((await anonymous.post('/self-signup', user)).status, 403);
});

test('a tier for some roles only is not offered to others, nor may they subscribe with it', async () => {
  await fillStore(data, async (fill) => {
    fill.policy({
      level: 'subscription',
      name: 'Vip',
      limit: null,
      stopOnQuota: true,
      permission: { type: 'ALLOW', roles: ['vip'] },
    });
  });
  await publish('Exclusive', { visibility: 'PUBLIC', policies: ['Gold', 'Vip'] });
  const tiers = async (client: RestClient) =>
    (await client.get(`/apis/${ids.Exclusive}`)).json().tiers.map((tier: { tierName: string }) => tier.tierName);
  assert.deepEqual(await tiers(mary), ['Gold']);
  assert.deepEqual(await tiers(vera), ['Gold', 'Vip']);
  const subscribe = async (client: RestClient): Promise<number> => {
    const made = await client.post('/applications', { name: 'vip', throttlingPolicy: 'Unlimited' });
    const { applicationId } = made.json();
    const body = { apiId: ids.Exclusive, applicationId, throttlingPolicy: 'Vip' };
    return (await client.post('/subscriptions', body)).status;
  };
  assert.equal(await subscribe(mary), 400);
  assert.equal(await subscribe(vera), 201);
});
