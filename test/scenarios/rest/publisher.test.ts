/** The publisher API: an API from its creation to its end. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { listAudit } from '../../../src/adapters/stores/audit-log.ts';
import { userStores } from '../../../src/adapters/user-stores/index.ts';
import { systemClock } from '../../../src/platform/clock.ts';
import { type Backend, startBackend } from '../../support/backend.ts';
import { type Answer, basic, call, closeConnections } from '../../support/call.ts';
import { type Postern, startPostern } from '../../support/postern.ts';
import { logIn, type RestClient, restClient } from '../../support/rest.ts';
import { openTestStore, storedText } from '../../support/store.ts';

let backend: Backend;
let postern: Postern;
let base: string;
let publisher: RestClient;

const scopes = ['apim:api_view', 'apim:api_create', 'apim:api_publish', 'apim:api_delete'];

before(async () => {
  backend = await startBackend();
  postern = await startPostern({ args: ['--gateway.threads=1'] });
  base = `${postern.server}/api/am/publisher/v1`;
  publisher = restClient(base, await logIn(postern.server, { scopes }));
  const store = await openTestStore(postern.data);
  const users = (await userStores.database())(store, systemClock);
  await users.create({ name: 'carla', password: 'carla-secret', roles: ['Internal/creator', 'chefs'] });
  await users.create({ name: 'paul', password: 'paul-secret', roles: ['Internal/publisher'] });
  await store.close();
});
after(async () => {
  closeConnections();
  await postern?.stop();
  await backend.close();
});

const form = (name: string, more: object = {}) => ({
  name,
  context: `/${name.toLowerCase()}`,
  version: '1.0.0',
  policies: ['Unlimited'],
  endpointConfig: { endpoint_type: 'http', production_endpoints: { url: backend.url } },
  ...more,
});

async function create(name: string, more: object = {}, as = publisher) {
  const answer = await as.post('/apis', form(name, more));
  assert.equal(answer.status, 201, answer.body);
  return answer.json();
}

function move(apiId: string, action: string, checklist = ''): Promise<Answer> {
  const query = new URLSearchParams({ apiId, action, ...(checklist && { lifecycleChecklist: checklist }) });
  return publisher.post(`/apis/change-lifecycle?${query}`);
}

async function copy(apiId: string, newVersion: string, defaultVersion = false) {
  const answer = await publisher.post(
    `/apis/copy-api?${new URLSearchParams({ apiId, newVersion, defaultVersion: String(defaultVersion) })}`,
  );
  assert.equal(answer.status, 201, answer.body);
  return answer.json();
}

/** Asks the gateway until it answers so; how long it took, in milliseconds. */
async function becomes(status: number, path: string): Promise<number> {
  const from = performance.now();
  let answer: Answer;
  do {
    answer = await call(`${postern.http}${path}`);
    assert.ok(performance.now() - from < 5000, `expected ${status}, still ${answer.status} ${answer.body}`);
  } while (answer.status !== status);
  return performance.now() - from;
}

const names = (answer: Answer): string[] => answer.json().list.map((one: { name: string }) => one.name);

test('an API is created, found, published, called, blocked and republished', async () => {
  const created = await publisher.post('/apis', form('Books', { tags: ['paper'], description: 'All the books' }));
  assert.equal(created.status, 201, created.body);
  const api = created.json();
  assert.equal(created.headers.location, `${base}/apis/${api.id}`);
  assert.equal(api.lifeCycleStatus, 'CREATED');
  assert.equal(api.provider, 'admin');
  assert.deepEqual((await publisher.get(`/apis/${api.id}`)).json(), api);

  const published = await move(api.id, 'Publish');
  assert.equal(published.status, 200, published.body);
  assert.equal(published.json().lifecycleState.state, 'Published');
  // A decision reaches the gateway in milliseconds; the rest is for a busy machine.
  assert.ok((await becomes(401, '/books/1.0.0/x')) < 1000);
  assert.equal((await move(api.id, 'Block')).status, 200);
  await becomes(503, '/books/1.0.0/x');
  assert.equal((await move(api.id, 'Re-Publish')).status, 200);
  await becomes(401, '/books/1.0.0/x');
  assert.equal((await publisher.delete(`/apis/${api.id}`)).status, 200);
  await becomes(404, '/books/1.0.0/x');
  assert.equal((await publisher.get(`/apis/${api.id}`)).status, 404);
});

test('a change shows at the gateway: another resource, another security', async () => {
  const api = await create('Changing', { operations: [{ target: '/a', verb: 'GET', authType: 'None' }] });
  await move(api.id, 'Publish');
  await becomes(200, '/changing/1.0.0/a');
  const operations = [{ target: '/b', verb: 'get', authType: 'None' }];
  const changed = await publisher.put(`/apis/${api.id}`, { ...api, operations });
  assert.equal(changed.status, 200, changed.body);
  assert.equal(changed.json().lifeCycleStatus, 'PUBLISHED');
  await becomes(404, '/changing/1.0.0/a');
  await becomes(200, '/changing/1.0.0/b');
});

test('a prototype is called without token and subscription', async () => {
  const api = await create('Draft');
  await becomes(404, '/draft/1.0.0/x');
  assert.equal((await move(api.id, 'Deploy as a Prototype')).status, 200);
  await becomes(200, '/draft/1.0.0/x');
  assert.equal((await move(api.id, 'Demote to Created')).status, 200);
  await becomes(404, '/draft/1.0.0/x');
});

test('400 for an action that the state does not have, 409 for an API that can not be published yet', async () => {
  const api = await create('Early', { endpointConfig: undefined, policies: [] });
  const refused = await move(api.id, 'Retire');
  assert.equal(refused.status, 400);
  assert.match(refused.json().description, /CREATED; possible: Publish, Deploy as a Prototype/);
  assert.equal((await move(api.id, 'Publish')).status, 409);
  assert.equal((await move(api.id, 'Nonsense')).status, 400);
  assert.equal((await move(api.id, 'Publish', 'Paint it blue:true')).status, 400);
  assert.equal((await move('unknown', 'Publish')).status, 404);
});

test('the history and the possible steps of a life cycle', async () => {
  const api = await create('Steps');
  await move(api.id, 'Publish');
  await move(api.id, 'Deprecate');
  const state = (await publisher.get(`/apis/${api.id}/lifecycle-state`)).json();
  assert.equal(state.state, 'Deprecated');
  assert.deepEqual(state.availableTransitions, [{ event: 'Retire', targetState: 'Retired' }]);
  await move(api.id, 'Retire');
  await becomes(404, '/steps/1.0.0/x');
  const history = (await publisher.get(`/apis/${api.id}/lifecycle-history`)).json();
  const steps = history.list.map((one: Record<string, string>) => [one.previousState, one.postState, one.user]);
  assert.deepEqual(steps, [
    [undefined, 'Created', 'admin'],
    ['Created', 'Published', 'admin'],
    ['Published', 'Deprecated', 'admin'],
    ['Deprecated', 'Retired', 'admin'],
  ]);
  assert.equal((await publisher.put(`/apis/${api.id}`, api)).status, 409);
});

test('a default version is served without its version, once it is published; then the one before is not', async () => {
  const first = await create('Latest', { isDefaultVersion: true });
  await move(first.id, 'Deploy as a Prototype');
  await becomes(200, '/latest/x');
  const second = await copy(first.id, '2.0.0', true);
  assert.equal(second.isDefaultVersion, true);
  assert.equal((await publisher.get(`/apis/${first.id}`)).json().isDefaultVersion, false);
  assert.equal((await call(`${postern.http}/latest/x`)).status, 200, 'goes on until the new one is published');
  // The new one needs a token.
  await move(second.id, 'Publish');
  await becomes(401, '/latest/x');
  await becomes(200, '/latest/1.0.0/x');
});

test('a new version: 409 when there is it, older ones are deprecated on demand', async () => {
  const first = await create('Growing', { tags: ['green'] });
  await move(first.id, 'Publish');
  const second = await copy(first.id, '1.10.0');
  assert.deepEqual([second.version, second.lifeCycleStatus, second.tags], ['1.10.0', 'CREATED', ['green']]);
  const again = await publisher.post(`/apis/copy-api?apiId=${first.id}&newVersion=1.10.0`);
  assert.equal(again.status, 409);
  await move(second.id, 'Publish', 'Deprecate Old Versions:true, Require Re-Subscription:true');
  assert.equal((await publisher.get(`/apis/${first.id}`)).json().lifeCycleStatus, 'DEPRECATED');
  const byName = await publisher.post('/apis/change-lifecycle?apiId=admin-Growing-1.10.0&action=Block');
  assert.equal(byName.status, 200, byName.body);
});

test('search by its modifiers, exactly and by part, in pages', async () => {
  const more = { tags: ['zoo', 'wild'], operations: [{ target: '/lions/{id}', verb: 'GET' }], description: 'Big cats' };
  await create('Lions', more);
  await create('Lionesses', { tags: ['zoo'] });
  const find = async (query: string) => names(await publisher.get(`/apis?query=${encodeURIComponent(query)}`));
  assert.deepEqual(await find('lion'), ['Lionesses', 'Lions']);
  assert.deepEqual(await find('name:"lions"'), ['Lions']);
  assert.deepEqual(await find('tag:zoo name:nesses'), ['Lionesses']);
  assert.deepEqual(await find('tags:wild'), ['Lions']);
  assert.deepEqual(await find('context:/lions version:1.0'), ['Lions']);
  assert.deepEqual(await find('subcontext:lions/{id}'), ['Lions']);
  assert.deepEqual(await find('description:cats provider:"admin" status:created'), ['Lions']);
  assert.deepEqual(await find('lion status:PUBLISHED'), []);
  assert.deepEqual(await find("%' OR 1=1"), []);
  const page = await publisher.get('/apis?query=tag:zoo&limit=1&offset=1&expand=true');
  assert.deepEqual(names(page), ['Lions']);
  assert.equal(page.json().list[0].operations[0].target, '/lions/{id}');
  assert.equal(page.json().pagination.total, 2);
  assert.equal(page.json().pagination.previous, '/apis?query=tag%3Azoo&limit=1&offset=0&expand=true');
});

test('400 that names each thing that is wrong, or unknown', async () => {
  const wrong = await publisher.post('/apis', {
    ...form('Wrong'),
    context: '/wrong/../x',
    policies: ['Platinum'],
    visibleRoles: ['nobody'],
    operations: [{ target: 'menu', verb: 'GRAB', throttlingPolicy: 'Slow', scopes: ['eat'] }],
    scopes: [{ scope: { name: 'apim:admin' } }],
    endpointConfig: { endpoint_type: 'http', production_endpoints: { url: 'ftp://files.example' } },
    categories: ['Misc'],
  });
  assert.equal(wrong.status, 400);
  const { description } = wrong.json();
  for (const part of [
    /context: /,
    /"Platinum"/,
    /"nobody"/,
    /GRAB menu: /,
    /"Slow"/,
    /"eat"/,
    /apim:admin/,
    /ftp:/,
    /"Misc"/,
  ])
    assert.match(description, part);
  const gateway = await publisher.post('/apis', form('Gateway', { context: '/token' }));
  assert.match(gateway.json().description, /path of the gateway/);
  assert.equal((await publisher.post('/apis', form('Socket', { type: 'WS' }))).status, 501);
  assert.equal((await publisher.post('/apis', form('Typo', { contxt: '/x' }))).status, 400);
});

test('409 for a name or a context that is taken, also when they come at once', async () => {
  await create('Taken');
  assert.equal((await publisher.post('/apis', form('Taken'))).status, 409);
  assert.equal((await publisher.post('/apis', form('Other', { context: 'taken/' }))).status, 409);
  assert.equal((await publisher.post('/apis', form('Taken', { version: '2', context: '/elsewhere' }))).status, 409);
  assert.equal((await publisher.post('/apis', form('Hijack', { context: '/taken/1.0.0' }))).status, 409);
  const deep = await create('Deep', { context: '/deep/2.0.0' });
  assert.equal((await publisher.post('/apis', form('Deeper', { context: '/deep', version: '2.0.0' }))).status, 409);
  assert.equal(deep.context, '/deep/2.0.0');
  const race = await Promise.all(Array.from({ length: 8 }, () => publisher.post('/apis', form('Race'))));
  assert.deepEqual(race.map(({ status }) => status).sort(), [201, ...Array(7).fill(409)]);
  assert.equal((await publisher.post('/apis/validate?query=name:Race')).status, 200);
  assert.equal((await publisher.post('/apis/validate?query=context:race')).status, 200);
  assert.equal((await publisher.post('/apis/validate?query=name:Rac')).status, 404);
});

test('the password of a back end is sent to it and shown to nobody', async () => {
  const endpointSecurity = { type: 'BASIC', username: 'postern', password: 'open sesame' };
  const api = await create('Guarded', { endpointSecurity });
  assert.deepEqual(api.endpointSecurity, { ...endpointSecurity, password: '' });
  // What was shown is sent back: the password stays.
  assert.equal((await publisher.put(`/apis/${api.id}`, { ...api, description: 'again' })).status, 200);
  await move(api.id, 'Deploy as a Prototype');
  await becomes(200, '/guarded/1.0.0/x');
  const seen = (await call(`${postern.http}/guarded/1.0.0/x`)).json();
  assert.equal(seen.headers.authorization, basic('postern', 'open sesame'));
  const second = await copy(api.id, '2.0.0');
  await move(second.id, 'Deploy as a Prototype');
  await becomes(200, '/guarded/2.0.0/x');
  const copied = (await call(`${postern.http}/guarded/2.0.0/x`)).json();
  assert.equal(copied.headers.authorization, basic('postern', 'open sesame'));
  // Nor does whoever gets hold of the database read it.
  assert.ok(!(await storedText(postern.data)).includes('open sesame'));
});

test('credentials inside the endpoint configuration are as safe; 501 where production and sandbox differ', async () => {
  const security = { enabled: true, type: 'BASIC', username: 'inside', password: 'open the door' };
  const endpoints = form('Inside').endpointConfig;
  const endpointConfig = { ...endpoints, endpoint_security: { production: security } };
  const api = await create('Inside', { endpointConfig });
  assert.deepEqual(api.endpointConfig, endpoints);
  assert.deepEqual(api.endpointSecurity, { type: 'BASIC', username: 'inside', password: '' });
  await move(api.id, 'Deploy as a Prototype');
  await becomes(200, '/inside/1.0.0/x');
  const seen = (await call(`${postern.http}/inside/1.0.0/x`)).json();
  assert.equal(seen.headers.authorization, basic('inside', 'open the door'));
  const both = { ...endpointConfig, sandbox_endpoints: { url: backend.url } };
  assert.equal((await publisher.post('/apis', form('Two', { endpointConfig: both }))).status, 501);
});

test('the audit log says who did what, without secrets', async () => {
  const api = await create('Watched', { endpointSecurity: { type: 'BASIC', username: 'u', password: 'hush hush' } });
  await publisher.put(`/apis/${api.id}`, { ...api, description: 'seen' });
  await move(api.id, 'Publish');
  const store = await openTestStore(postern.data);
  const { rows } = await listAudit(store.db, { id: api.id, offset: 0, limit: 10 });
  await store.close();
  assert.deepEqual(
    rows.map(({ actor, action, name }) => [actor, action, name]),
    ['publish', 'update', 'create'].map((action) => ['admin@carbon.super', action, 'Watched 1.0.0']),
  );
  assert.deepEqual(JSON.parse(rows[1]?.after ?? ''), { description: 'seen' });
  assert.deepEqual(JSON.parse(rows[1]?.before ?? ''), { description: '' });
  assert.doesNotMatch(JSON.stringify(rows), /sealed|hush/);
});

test('401 without token, 403 without the scope, 404 for an API that is kept from the caller', async () => {
  assert.equal((await restClient(base).get('/apis')).status, 401);
  const viewer = restClient(base, await logIn(postern.server, { scopes: ['apim:api_view'] }));
  assert.equal((await viewer.post('/apis', form('Never'))).status, 403);

  const carla = { user: 'carla', password: 'carla-secret', scopes };
  const creator = restClient(base, await logIn(postern.server, carla));
  const restricted = { accessControl: 'RESTRICTED', accessControlRoles: ['chefs'] };
  const api = await create('Secret', restricted, creator);
  assert.equal(api.provider, 'carla');
  const paul = { user: 'paul', password: 'paul-secret', scopes };
  const other = restClient(base, await logIn(postern.server, paul));
  assert.equal((await other.get(`/apis/${api.id}`)).status, 404);
  assert.equal((await other.post('/apis', form('Never'))).status, 403, 'his role has no such scope');
  assert.deepEqual(names(await other.get('/apis?query=name:Secret')), []);
  assert.deepEqual(names(await creator.get('/apis?query=name:Secret')), ['Secret']);
  assert.deepEqual(names(await publisher.get('/apis?query=name:Secret')), ['Secret'], 'administrators see all');
  assert.equal((await creator.post('/apis', form('Forged', { provider: 'admin' }))).status, 403);
});

test('403 when a publisher changes what is a creator’s, 200 for what is his', async () => {
  const api = await create('Shared');
  const paul = { user: 'paul', password: 'paul-secret', scopes: ['apim:api_view', 'apim:api_publish'] };
  const other = restClient(base, await logIn(postern.server, paul));
  const refused = await other.put(`/apis/${api.id}`, { ...api, description: 'mine' });
  assert.equal(refused.status, 403);
  assert.match(refused.json().description, /description/);
  const changed = await other.put(`/apis/${api.id}`, { ...api, tags: ['new'], policies: ['Gold'] });
  assert.equal(changed.status, 200, changed.body);
  assert.deepEqual(changed.json().tags, ['new']);
});

test('the sample is an API like any other', async () => {
  const { list } = (await publisher.get('/apis?query=name:PizzaShackAPI')).json();
  const sample = (await publisher.get(`/apis/${list[0].id}`)).json();
  const changed = await publisher.put(`/apis/${sample.id}`, { ...sample, tags: ['pizza', 'pasta'] });
  assert.equal(changed.status, 200, changed.body);
  const { lastUpdatedTime: _, ...rest } = changed.json();
  const { lastUpdatedTime: __, ...before } = sample;
  assert.deepEqual({ ...rest, tags: ['pizza'] }, { ...rest, ...before });
  assert.equal((await publisher.get(`/apis/${sample.id}/lifecycle-history`)).json().count, 1);
});

test('an API as an archive, by its id', async () => {
  const api = await create('Packed');
  const answer = await publisher.get(`/apis/export?apiId=${api.id}`);
  assert.equal(answer.status, 200, answer.body);
  assert.match(answer.headers['content-type'] ?? '', /zip/);
  assert.equal((await publisher.get('/apis/export?apiId=none')).status, 404);
});
