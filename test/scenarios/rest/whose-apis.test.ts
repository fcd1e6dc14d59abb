/** Publishers among themselves: nobody gets what is another one's by means of an API of his own. */
import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { writeZip } from '../../../src/platform/zip.ts';
import { type Backend, startBackend } from '../../support/backend.ts';
import { type Answer, basic, call, closeConnections, postForm } from '../../support/call.ts';
import { fillStore } from '../../support/fill-store.ts';
import { newDataFolder, type Postern, startPostern } from '../../support/postern.ts';
import { logIn, type Part, type RestClient, restClient } from '../../support/rest.ts';

const data = newDataFolder();
let backend: Backend;
let postern: Postern;
let admin: RestClient;
let alice: RestClient;
let bob: RestClient;
let aliceInPortal: RestClient;
let stranger: RestClient;
let auditLog: RestClient;
let importer: RestClient;
/** Of alice's, without the scope to create APIs. */
let onlyPublisher: RestClient;

before(async () => {
  backend = await startBackend();
  postern = await startPostern({ data, args: ['--gateway.threads=1'] });
  await fillStore(data, async (fill) => {
    for (const name of ['alice', 'bob']) {
      await fill.user(name, ['Internal/creator', 'Internal/publisher', 'Internal/subscriber', name]);
    }
  });
  const scopes = ['api_view', 'api_create', 'api_publish', 'shared_scope_manage'].map((name) => `apim:${name}`);
  const base = `${postern.server}/api/am/publisher/v1`;
  const as = (user: string, more: readonly string[] = scopes) =>
    logIn(postern.server, { user, password: `password of ${user}`, scopes: more });
  admin = restClient(base, await logIn(postern.server, { scopes }));
  alice = restClient(base, await as('alice'));
  bob = restClient(base, await as('bob'));
  const portal = `${postern.server}/api/am/store/v1`;
  const developers = ['apim:subscribe', 'apim:app_manage', 'apim:sub_manage'];
  aliceInPortal = restClient(portal, await as('alice', developers));
  stranger = restClient(portal);
  onlyPublisher = restClient(base, await as('alice', ['apim:api_view', 'apim:api_publish']));
  const importing = await logIn(postern.server, { scopes: ['apim:api_import_export'] });
  importer = restClient(`${postern.server}/api/am/admin/v1`, importing);
  auditLog = restClient(`${postern.server}/api/am/admin/v1`, await logIn(postern.server, { scopes: ['apim:admin'] }));
});
after(async () => {
  closeConnections();
  await postern?.stop();
  await backend.close();
  rmSync(data, { recursive: true, force: true });
});

const expectStatus = (answer: Answer, status: number): Answer => {
  assert.equal(answer.status, status, answer.body);
  return answer;
};

const form = (name: string, more: Record<string, unknown> = {}) => ({
  name,
  context: `/${name}`,
  version: '1.0.0',
  policies: ['Unlimited'],
  endpointConfig: { endpoint_type: 'http', production_endpoints: { url: backend.url } },
  ...more,
});
const create = async (client: RestClient, name: string, more: Record<string, unknown> = {}): Promise<string> =>
  expectStatus(await client.post('/apis', form(name, more)), 201).json().id;
const step = (client: RestClient, id: string, action: string, checklist = '') =>
  client.post(`/apis/change-lifecycle?apiId=${id}&action=${action}&lifecycleChecklist=${checklist}`);
const restricted = { accessControl: 'RESTRICTED', accessControlRoles: ['alice'] };

test('409 for a context anywhere below a version of an API of another name, and for one around it', async () => {
  await create(alice, 'deep');
  for (const context of ['/deep/1.0.0', '/deep/1.0.0/menu', '/deep/1.0.0/menu/of']) {
    const answer = await bob.post('/apis', form('below', { context, isDefaultVersion: true }));
    assert.match(expectStatus(answer, 409).body, /deep 1\.0\.0/);
  }
  await create(alice, 'inner', { context: '/outer/2/x' });
  expectStatus(await bob.post('/apis', form('outer', { version: '2' })), 409);
  await create(bob, 'outer', { version: '20' });
  await create(bob, 'beside', { context: '/deep/1.0.01' });
});

test("409 for a context below another provider's default version, also when that becomes one", async () => {
  await create(alice, 'bank', { isDefaultVersion: true });
  expectStatus(await bob.post('/apis', form('loans', { context: '/bank/loans' })), 409);
  await create(alice, 'loans', { context: '/bank/loans' });
  const id = await create(alice, 'shop');
  await create(bob, 'carts', { context: '/shop/carts' });
  const shop = (await alice.get(`/apis/${id}`)).json();
  assert.match(expectStatus(await alice.put(`/apis/${id}`, { ...shop, isDefaultVersion: true }), 409).body, /carts/);
  expectStatus(await alice.put(`/apis/${id}`, { ...shop, description: 'Carts are elsewhere' }), 200);
});

const archiveOf = (name: string, yaml: Record<string, unknown>): Part => ({
  name: 'file',
  fileName: 'a.zip',
  content: Buffer.from(
    writeZip(
      new Map(
        Object.entries({
          api: { id: { providerName: 'alice', apiName: name, version: '1.0.0' }, ...yaml },
          swagger: {
            openapi: '3.0.1',
            info: { title: name, version: '1.0.0' },
            paths: { '/*': { get: { responses: { '200': { description: 'OK' } } } } },
          },
        }).map(([file, value]) => [`Meta-information/${file}.json`, Buffer.from(JSON.stringify(value))]),
      ),
    ),
  ),
});
const projectOf = (contextTemplate: string, more: Record<string, unknown> = {}) => ({
  contextTemplate,
  availableTiers: ['Unlimited'],
  endpointConfig: { endpoint_type: 'http', production_endpoints: { url: backend.url } },
  ...more,
});
const overwrite = (name: string, yaml: Record<string, unknown>): Promise<Answer> =>
  importer.form('/import/api?overwrite=true', [archiveOf(name, yaml)]);

test("409 for an import that moves an API to, below or around another one's address, or from its own versions'", async () => {
  await create(alice, 'target', { isDefaultVersion: true });
  await create(alice, 'inside', { context: '/around/1.0.0/in' });
  const id = await create(alice, 'mover');
  const moves: [string, Record<string, unknown>?][] = [
    ['/target'],
    ['/target/1.0.0/menu'],
    ['/target/1.0.0/menu', { isDefaultVersion: true }],
    ['/around'],
    // A step in the life cycle writes the API too.
    ['/target', { status: 'PUBLISHED' }],
  ];
  for (const [context, more] of moves) expectStatus(await overwrite('mover', projectOf(context, more)), 409);
  assert.equal((await alice.get(`/apis/${id}`)).json().context, '/mover');
  expectStatus(await overwrite('mover', projectOf('/elsewhere')), 200);
  assert.equal((await alice.get(`/apis/${id}`)).json().context, '/elsewhere');
  await create(alice, 'mover', { context: '/elsewhere', version: '2.0.0' });
  assert.match(expectStatus(await overwrite('mover', projectOf('/again')), 409).body, /mover at \/elsewhere/);
  const put = { ...(await alice.get(`/apis/${id}`)).json(), context: '/target', version: '3' };
  expectStatus(await alice.put(`/apis/${id}`, put), 200);
  assert.equal((await alice.get(`/apis/${id}`)).json().context, '/elsewhere', 'a PUT moves nothing');
});

test("400 for a change that would send a back end's password elsewhere; it stays with the back end, also of a copy", async () => {
  const secret = { type: 'BASIC', username: 'caller', password: 'for this one only' };
  const id = await create(alice, 'sealed', { endpointSecurity: secret });
  const elsewhere = (url: string, more: Record<string, unknown> = {}) => ({
    endpointConfig: { endpoint_type: 'http', production_endpoints: { url }, ...more },
  });
  const copied = await bob.post(`/apis/copy-api?apiId=${id}&newVersion=2.0.0`);
  const copy: string = expectStatus(copied, 201).json().id;
  for (const api of [id, copy]) {
    const given = (await bob.get(`/apis/${api}`)).json();
    assert.equal(given.endpointSecurity.password, '');
    for (const change of [
      elsewhere('http://127.0.0.1:9'),
      elsewhere(backend.url, { sandbox_endpoints: { url: 'http://127.0.0.1:9' } }),
      elsewhere(backend.url, { endpoint_type: 'failover', production_failovers: [{ url: 'http://127.0.0.1:9' }] }),
    ]) {
      const answer = expectStatus(await bob.put(`/apis/${api}`, { ...given, ...change }), 400);
      assert.match(answer.body, /password was not given for http:\/\/127\.0\.0\.1:9;/);
      assert.doesNotMatch(answer.body, /for this one only/);
    }
    expectStatus(await bob.put(`/apis/${api}`, { ...given, ...elsewhere(`${backend.url}/below`) }), 200);
    const said = { ...given, ...elsewhere('http://127.0.0.1:9'), endpointSecurity: secret };
    expectStatus(await bob.put(`/apis/${api}`, said), 200);
  }
  const hidden = await create(alice, 'sealed-off', { endpointSecurity: secret, ...restricted });
  expectStatus(await bob.post(`/apis/copy-api?apiId=${hidden}&newVersion=2.0.0`), 404);
  const security = { endpointSecured: true, endpointUTUsername: 'caller' };
  const refused = await overwrite('sealed', projectOf('/sealed', security));
  assert.match(expectStatus(refused, 400).body, /api_params\.yaml/);
  const kept = { ...security, ...elsewhere('http://127.0.0.1:9/') };
  expectStatus(await overwrite('sealed', projectOf('/sealed', kept)), 200);
});

test('a publisher who may not create APIs opens no API that is closed when stale; 200 for one who may, and its definition follows', async () => {
  const id = await create(alice, 'closing', { additionalProperties: { whenStale: 'closed', team: 'blue' } });
  const given = (await alice.get(`/apis/${id}`)).json();
  const swagger = async () => (await alice.get(`/apis/${id}/swagger`)).json()['x-postern-when-stale'];
  assert.equal(await swagger(), 'closed');
  for (const additionalProperties of [{ whenStale: 'open' }, {}, undefined]) {
    const answer = await onlyPublisher.put(`/apis/${id}`, { ...given, additionalProperties });
    assert.match(expectStatus(answer, 403).body, /additionalProperties\.whenStale/);
  }
  const renamed = { whenStale: 'closed', team: 'green' };
  expectStatus(await onlyPublisher.put(`/apis/${id}`, { ...given, additionalProperties: renamed }), 200);
  assert.equal(await swagger(), 'closed');
  expectStatus(await alice.put(`/apis/${id}`, { ...given, additionalProperties: { team: 'blue' } }), 200);
  assert.equal(await swagger(), undefined);
});

test('412 when what is changed or deleted is not what was read any more; 200 with the tag of what it is', async () => {
  const id = await create(alice, 'tagged');
  const publishing = await logIn(postern.server, {
    user: 'alice',
    password: 'password of alice',
    scopes: ['apim:api_view', 'apim:api_create', 'apim:api_publish', 'apim:api_delete'],
  });
  const developing = await logIn(postern.server, {
    user: 'alice',
    password: 'password of alice',
    scopes: ['apim:subscribe', 'apim:app_manage'],
  });
  const send = (method: string, path: string, tag?: string, body?: unknown): Promise<Answer> => {
    const isPublisher = path.startsWith('/apis');
    const headers = {
      authorization: isPublisher ? publishing : developing,
      ...(tag !== undefined && { 'if-match': tag }),
      ...(body !== undefined && { 'content-type': 'application/json' }),
    };
    const base = `${postern.server}/api/am/${isPublisher ? 'publisher' : 'store'}/v1`;
    return call(base + path, { method, headers, ...(body !== undefined && { body: JSON.stringify(body) }) });
  };
  const tagOf = ({ headers }: Answer): string => String(headers.etag);

  const application = { name: 'tagged', throttlingPolicy: 'Unlimited' };
  const { applicationId } = expectStatus(await aliceInPortal.post('/applications', application), 201).json();
  for (const path of [`/apis/${id}`, `/applications/${applicationId}`]) {
    const read = expectStatus(await send('GET', path), 200);
    const [mine, others] = ['mine', 'of somebody else'].map((description) => ({ ...read.json(), description }));
    const first = expectStatus(await send('PUT', path, tagOf(read), others), 200);
    assert.notEqual(tagOf(first), tagOf(read));
    assert.equal(tagOf(await send('GET', path)), tagOf(first));
    for (const tag of [tagOf(read), '"wrong"', `W/${tagOf(first)}`, '']) {
      assert.match(expectStatus(await send('PUT', path, tag, mine), 412).body, /If-Match/);
      expectStatus(await send('DELETE', path, tag), 412);
    }
    assert.equal((await send('GET', path)).json().description, 'of somebody else');
    expectStatus(await send('PUT', path, `"a", ${tagOf(first)}`, mine), 200);
    expectStatus(await send('PUT', path, '*', others), 200);
    expectStatus(await send('PUT', path, undefined, mine), 200);
  }
  const swagger = await send('GET', `/apis/${id}/swagger`);
  const definition: Part = { name: 'apiDefinition', content: swagger.body };
  expectStatus(await alice.form(`/apis/${id}/swagger`, [definition], 'PUT'), 200);
  const step = (tag: string) => send('POST', `/apis/change-lifecycle?apiId=${id}&action=Publish`, tag);
  expectStatus(await step('"wrong"'), 412);
  expectStatus(await step(tagOf(await send('GET', `/apis/${id}`))), 200);
  for (const path of [`/apis/${id}`, `/applications/${applicationId}`]) {
    expectStatus(await send('DELETE', path, tagOf(await send('GET', path))), 200);
  }
});

test('409 for a version of an API that the publisher may not change; nothing of it is touched', async () => {
  const id = await create(alice, 'closed', { ...restricted, isDefaultVersion: true });
  expectStatus(await step(alice, id, 'Publish'), 200);
  for (const isDefaultVersion of [true, false]) {
    expectStatus(await bob.post('/apis', form('closed', { version: '2.0.0', isDefaultVersion })), 409);
  }
  const { lifeCycleStatus, isDefaultVersion } = (await alice.get(`/apis/${id}`)).json();
  assert.deepEqual([lifeCycleStatus, isDefaultVersion], ['PUBLISHED', true]);
  expectStatus(await admin.post('/apis', form('closed', { version: '3.0.0' })), 201);
});

test('a version that was there before the others were closed does not reach them either', async () => {
  const first = await create(alice, 'later', { isDefaultVersion: true });
  const second = await create(bob, 'later', { version: '2.0.0' });
  const third = await create(bob, 'later', { version: '3.0.0' });
  expectStatus(await step(alice, first, 'Publish'), 200);
  const application = expectStatus(
    await aliceInPortal.post('/applications', { name: 'of alice', throttlingPolicy: 'Unlimited' }),
    201,
  ).json().applicationId;
  const subscription = { apiId: first, applicationId: application, throttlingPolicy: 'Unlimited' };
  expectStatus(await aliceInPortal.post('/subscriptions', subscription), 201);
  expectStatus(
    await alice.put(`/apis/${first}`, { ...(await alice.get(`/apis/${first}`)).json(), ...restricted }),
    200,
  );
  expectStatus(await bob.get(`/apis/${first}`), 404);

  expectStatus(await step(bob, second, 'Publish', 'Deprecate Old Versions:true'), 200);
  assert.equal((await alice.get(`/apis/${first}`)).json().lifeCycleStatus, 'PUBLISHED');
  assert.equal((await aliceInPortal.get(`/subscriptions?apiId=${second}`)).json().count, 0);
  const given = (await bob.get(`/apis/${third}`)).json();
  expectStatus(await bob.put(`/apis/${third}`, { ...given, isDefaultVersion: true }), 409);
  assert.equal((await alice.get(`/apis/${first}`)).json().isDefaultVersion, true);
});

test('subscriptions that come with a new version or end with an API are in the audit log', async () => {
  const first = await create(alice, 'logged');
  expectStatus(await step(alice, first, 'Publish'), 200);
  const application = expectStatus(
    await aliceInPortal.post('/applications', { name: 'watched', throttlingPolicy: 'Unlimited' }),
    201,
  ).json().applicationId;
  const body = { apiId: first, applicationId: application, throttlingPolicy: 'Unlimited' };
  const { subscriptionId } = expectStatus(await aliceInPortal.post('/subscriptions', body), 201).json();
  const second = await create(alice, 'logged', { version: '2.0.0' });
  expectStatus(await step(alice, second, 'Publish'), 200);
  const copy = (await aliceInPortal.get(`/subscriptions?apiId=${second}`)).json().list[0].subscriptionId;
  expectStatus(await step(alice, first, 'Deprecate'), 200);
  expectStatus(await step(alice, first, 'Retire'), 200);
  const { list } = expectStatus(await auditLog.get('/audit-log?kind=subscription&limit=100'), 200).json();
  const entries = list.map((one: Record<string, string>) => [one.action, one.id, one.name, one.actor].join(' '));
  assert.ok(entries.includes(`create ${copy} watched to logged 2.0.0 alice@carbon.super`), entries.join('\n'));
  assert.ok(
    entries.includes(`delete ${subscriptionId} watched to logged 1.0.0 alice@carbon.super`),
    entries.join('\n'),
  );
});

const scopeOf = (name: string, bindings: readonly string[]) => ({
  scopes: [{ scope: { name, displayName: name, description: '', bindings } }],
  operations: [
    { target: '/*', verb: 'GET', authType: 'Application User', throttlingPolicy: 'Unlimited', scopes: [name] },
  ],
});

test('409 for a scope that an API of another name defines, by create and update; its versions share it', async () => {
  await create(alice, 'guarded', scopeOf('guarded:open', ['admin']));
  const refused = await bob.post('/apis', form('opener', scopeOf('guarded:open', [])));
  assert.match(expectStatus(refused, 409).body, /guarded:open.*guarded.*shared scope/);
  const id = await create(bob, 'opener', scopeOf('opener:open', []));
  const given = (await bob.get(`/apis/${id}`)).json();
  expectStatus(await bob.put(`/apis/${id}`, { ...given, ...scopeOf('guarded:open', []) }), 409);
  await create(alice, 'guarded', { version: '2.0.0', ...scopeOf('guarded:open', ['admin']) });
  const shared = { name: 'for:all', displayName: 'All', description: '', bindings: [] };
  expectStatus(await bob.post('/scopes', shared), 201);
  await create(alice, 'uses1', scopeOf('for:all', []));
  await create(bob, 'uses2', scopeOf('for:all', []));
});

test('a version with a weaker scope is no way to that scope of the other one', async () => {
  const guarded = await create(alice, 'versions', scopeOf('versions:open', ['admin']));
  const weak = await create(alice, 'versions', { version: '2.0.0', ...scopeOf('versions:open', []) });
  expectStatus(await step(alice, weak, 'Publish'), 200);
  const application = expectStatus(
    await aliceInPortal.post('/applications', { name: 'by turns', throttlingPolicy: 'Unlimited' }),
    201,
  ).json().applicationId;
  const body = { applicationId: application, throttlingPolicy: 'Unlimited' };
  expectStatus(await aliceInPortal.post('/subscriptions', { ...body, apiId: weak }), 201);
  const keys = { keyType: 'PRODUCTION', grantTypesToBeSupported: ['client_credentials'] };
  const key = expectStatus(await aliceInPortal.post(`/applications/${application}/generate-keys`, keys), 200).json();
  const ask = async () => {
    const asked = { grant_type: 'client_credentials', scope: 'versions:open' };
    const answer = await postForm(`${postern.http}/token`, asked, basic(key.consumerKey, key.consumerSecret));
    return answer.json().scope.split(' ').includes('versions:open');
  };
  assert.equal(await ask(), true, 'as long as the other one is not in use');
  expectStatus(await step(alice, guarded, 'Publish'), 200);
  assert.equal(await ask(), false);

  const path = `/applications/${application}/keys/PRODUCTION/generate-token`;
  expectStatus(await aliceInPortal.post(path, { validityPeriod: 60 }), 200);
  const { list } = expectStatus(await auditLog.get('/audit-log?kind=application&limit=10'), 200).json();
  assert.equal(list[0].action, 'generate-token');
});

test('a document that only its owner reads is found, read, exported, changed and deleted by nobody else', async () => {
  const id = await create(alice, 'papers');
  expectStatus(await step(alice, id, 'Publish'), 200);
  const document = { name: 'Diary', type: 'HOWTO', summary: 'private', sourceType: 'INLINE', visibility: 'OWNER_ONLY' };
  const path = `/apis/${id}/documents`;
  const { documentId } = expectStatus(await alice.post(path, document), 201).json();
  const text: Part = { name: 'inlineContent', content: 'the vault is behind the mirror' };
  expectStatus(await alice.form(`${path}/${documentId}/content`, [text]), 200);

  const count = async (client: RestClient, at: string) => expectStatus(await client.get(at), 200).json().count;
  for (const [client, found] of [
    [stranger, 0],
    [bob, 0],
    [alice, 1],
    [aliceInPortal, 1],
  ] as const) {
    assert.equal(await count(client, '/apis?query=doc:mirror'), found);
  }
  assert.equal(await count(bob, '/search?query=mirror'), 0);
  assert.equal(await count(bob, path), 0);
  assert.equal(await count(alice, path), 1);
  expectStatus(await bob.get(`${path}/${documentId}`), 404);
  expectStatus(await bob.get(`${path}/${documentId}/content`), 404);
  expectStatus(await bob.form(`${path}/${documentId}/content`, [text]), 404);
  expectStatus(await bob.put(`${path}/${documentId}`, { ...document, visibility: 'API_LEVEL' }), 404);
  expectStatus(await bob.delete(`${path}/${documentId}`), 404);
  expectStatus(await bob.post(`${path}/validate?name=Diary`), 404);
  const exported = async (client: RestClient) =>
    expectStatus(await client.get(`/apis/export?apiId=${id}`), 200).body.includes('Diary');
  assert.deepEqual([await exported(alice), await exported(bob)], [true, false]);
  expectStatus(await alice.get(`${path}/${documentId}/content`), 200);
  expectStatus(await admin.get(`${path}/${documentId}/content`), 200);
});

test('400 for a long word or many words in documents; a long text is searched as far as its beginning', async () => {
  const id = await create(alice, 'novel');
  expectStatus(await step(alice, id, 'Publish'), 200);
  const document = { name: 'Novel', type: 'HOWTO', summary: '', sourceType: 'INLINE', visibility: 'API_LEVEL' };
  const { documentId } = expectStatus(await alice.post(`/apis/${id}/documents`, document), 201).json();
  const content = `whale${'a'.repeat(1_000_000)}finis`;
  const text: Part = { name: 'inlineContent', content };
  expectStatus(await alice.form(`/apis/${id}/documents/${documentId}/content`, [text]), 200);
  const find = (query: string) => stranger.get(`/apis?query=${encodeURIComponent(query)}`);
  assert.equal(expectStatus(await find('doc:whale'), 200).json().count, 1);
  assert.equal(expectStatus(await find('doc:finis'), 200).json().count, 0);
  expectStatus(await find(`doc:${'a'.repeat(41)}`), 400);
  expectStatus(await find('doc:a doc:b doc:c doc:d doc:e doc:f'), 400);
  const from = performance.now();
  expectStatus(await find(`doc:${'a'.repeat(39)}b`), 200);
  assert.ok(performance.now() - from < 1000);
});

test('the definition in the portal has no server below the document, and no extension that is not for callers', async () => {
  const id = await create(alice, 'hidden');
  expectStatus(await step(alice, id, 'Publish'), 200);
  const inner = 'http://10.0.0.1:8080';
  const operation = {
    'x-auth-type': 'None',
    'x-amazon-apigateway-integration': { uri: inner },
    servers: [{ url: inner }],
    responses: {
      '200': { description: 'OK', links: { next: { operationId: 'x', server: { url: inner } } } },
    },
    callbacks: { done: { '{$url}': { post: { servers: [{ url: inner }], responses: {} } } } },
  };
  const definition = {
    openapi: '3.0.1',
    info: { title: 'hidden', version: '1.0.0' },
    servers: [{ url: inner }],
    paths: { '/*': { servers: [{ url: inner }], get: operation } },
    components: {
      schemas: { A: { type: 'object', properties: { 'x-y': { type: 'string' }, servers: { type: 'string' } } } },
      securitySchemes: { own: { type: 'apiKey', name: 'k', in: 'header', 'x-authorizer': { uri: inner } } },
    },
  };
  const part: Part = { name: 'apiDefinition', content: JSON.stringify(definition) };
  expectStatus(await alice.form(`/apis/${id}/swagger`, [part], 'PUT'), 200);
  const shown = expectStatus(await stranger.get(`/apis/${id}/swagger`), 200);
  assert.ok(!shown.body.includes('10.0.0.1'), shown.body);
  const { paths, components, servers } = shown.json();
  assert.deepEqual(Object.keys(components.schemas.A.properties), ['x-y', 'servers']);
  assert.ok(paths['/*'].get['x-auth-type']);
  assert.ok(servers.length > 0);
});
