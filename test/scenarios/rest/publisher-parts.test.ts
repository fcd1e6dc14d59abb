/** The publisher API: what belongs to APIs. Documents, pictures, certificates, shared scopes, policies, subscriptions. */
import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { generateKey, issueCertificate } from '../../../src/platform/x509.ts';
import { type Backend, startBackend } from '../../support/backend.ts';
import { type Answer, basic, call, closeConnections, postForm } from '../../support/call.ts';
import { fillStore } from '../../support/fill-store.ts';
import { newDataFolder, type Postern, startPostern } from '../../support/postern.ts';
import { logIn, type Part, type RestClient, restClient } from '../../support/rest.ts';

const data = newDataFolder();
let backend: Backend;
let postern: Postern;
let publisher: RestClient;
let apiId: string;
let caller: { id: string; key: string; secret: string };
let waiting: { id: string };

before(async () => {
  backend = await startBackend();
  await fillStore(data, async (fill) => {
    apiId = await fill.api('shop', { endpoints: { production: { url: backend.url } } });
    caller = await fill.application('caller', { subscribe: [apiId], subscriptionTier: 'Gold' });
    waiting = await fill.application('waiting', { subscribe: [apiId], state: 'ON_HOLD' });
  });
  postern = await startPostern({ data, args: ['--gateway.threads=1'] });
  const scopes = ['api_view', 'api_create', 'api_publish', 'subscription_view', 'subscription_block'];
  const more = ['shared_scope_manage', 'publisher_settings'];
  const authorization = await logIn(postern.server, { scopes: [...scopes, ...more].map((name) => `apim:${name}`) });
  publisher = restClient(`${postern.server}/api/am/publisher/v1`, authorization);
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
const field = (name: string, content: string): Part => ({ name, content });
const document = { name: 'How', type: 'HOWTO', summary: 'In short', sourceType: 'INLINE', visibility: 'API_LEVEL' };

test('a document with a text, found by it', async () => {
  const path = `/apis/${apiId}/documents`;
  const made = expectStatus(await publisher.post(path, document), 201).json();
  assert.equal(made.createdBy, 'admin');
  expectStatus(await publisher.post(path, document), 409);
  expectStatus(await publisher.post(`${path}/validate?name=How`), 200);
  expectStatus(await publisher.post(`${path}/validate?name=Why`), 404);
  expectStatus(await publisher.get(`${path}/${made.documentId}/content`), 404);
  expectStatus(await publisher.form(`${path}/${made.documentId}/content`, [field('inlineContent', 'Turn left')]), 200);
  const content = await publisher.get(`${path}/${made.documentId}/content`);
  assert.deepEqual([content.body, content.headers['content-type']], ['Turn left', 'text/plain; charset=utf-8']);
  const both = [field('inlineContent', 'x'), { name: 'file', content: 'x', fileName: 'x' }];
  expectStatus(await publisher.form(`${path}/${made.documentId}/content`, both), 400);

  const found = expectStatus(await publisher.get('/search?query=left'), 200).json();
  assert.deepEqual(
    found.list.map(({ type, name, apiName }: Record<string, string>) => [type, name, apiName]),
    [['DOC', 'How', 'shop']],
  );
  assert.equal(expectStatus(await publisher.get('/apis?query=doc:turn'), 200).json().count, 1);

  const renamed = { ...document, name: 'Where', summary: '' };
  assert.equal(expectStatus(await publisher.put(`${path}/${made.documentId}`, renamed), 200).json().name, 'Where');
  assert.equal(expectStatus(await publisher.get(path), 200).json().count, 1);
  expectStatus(await publisher.delete(`${path}/${made.documentId}`), 200);
  expectStatus(await publisher.get(`${path}/${made.documentId}`), 404);
});

test('a document that is a file, and one that is elsewhere', async () => {
  const path = `/apis/${apiId}/documents`;
  const file = { ...document, name: 'Picture', sourceType: 'FILE' };
  const { documentId } = expectStatus(await publisher.post(path, file), 201).json();
  const part = { name: 'file', content: Buffer.from([0, 255, 1]), fileName: '../x"y.bin', type: 'image/x-own' };
  const put = expectStatus(await publisher.form(`${path}/${documentId}/content`, [part]), 200).json();
  assert.match(put.fileName, /^x/);
  const content = await publisher.get(`${path}/${documentId}/content`);
  assert.equal(content.headers['content-type'], 'image/x-own');
  assert.match(content.headers['content-disposition'] ?? '', /^attachment/);
  expectStatus(await publisher.form(`${path}/${documentId}/content`, [field('inlineContent', 'x')]), 400);

  const there = { ...document, name: 'There', sourceType: 'URL', sourceUrl: 'https://docs.example/' };
  expectStatus(await publisher.post(path, { ...there, sourceUrl: 'javascript:alert(1)' }), 400);
  const link = expectStatus(await publisher.post(path, there), 201).json();
  const answer = expectStatus(await publisher.get(`${path}/${link.documentId}/content`), 303);
  assert.equal(answer.headers.location, 'https://docs.example/');
});

test('the picture of an API; 400 for what is none', async () => {
  expectStatus(await publisher.get(`/apis/${apiId}/thumbnail`), 404);
  const png = Buffer.from('89504e470d0a1a0a0000', 'hex');
  const put = await publisher.form(`/apis/${apiId}/thumbnail`, [{ name: 'file', content: png, fileName: 'a' }], 'PUT');
  assert.deepEqual(expectStatus(put, 200).json(), { relativePath: `apis/${apiId}/thumbnail`, mediaType: 'image/png' });
  const answer = expectStatus(await publisher.get(`/apis/${apiId}/thumbnail`), 200);
  assert.equal(answer.headers['content-type'], 'image/png');
  assert.equal((await publisher.get(`/apis/${apiId}`)).json().hasThumbnail, true);
  const svg = { name: 'file', content: '<svg onload="x"/>', fileName: 'a.svg', type: 'image/svg+xml' };
  expectStatus(await publisher.form(`/apis/${apiId}/thumbnail`, [svg], 'PUT'), 400);
});

/** PEM of a certificate that is valid for some days from now on; negative = was. */
async function certificate(commonName: string, days: number): Promise<string> {
  const key = generateKey();
  const subject = { commonName, organization: 'Test' };
  const now = Date.now();
  return issueCertificate({
    subject,
    publicKey: key.publicKey,
    issuer: subject,
    issuerKey: key,
    notBefore: new Date(now - 86_400_000 * 30),
    notAfter: new Date(now + 86_400_000 * days),
    purpose: 'server',
    hosts: ['localhost'],
  });
}

test('certificates of back ends: 409 for an alias that is taken, 400 for one that is over', async () => {
  const upload = (alias: string, content: string) =>
    publisher.form('/endpoint-certificates', [
      { name: 'certificate', content, fileName: 'c.crt' },
      field('alias', alias),
      field('endpoint', 'https://localhost:8443/x'),
    ]);
  const pem = await certificate('one', 10);
  const made = expectStatus(await upload('one', pem), 200).json();
  assert.deepEqual(made, { alias: 'one', endpoint: 'https://localhost:8443/x' });
  expectStatus(await upload('one', pem), 409);
  const over = expectStatus(await upload('two', await certificate('two', -1)), 400).json();
  assert.match(over.description, /was valid until/);
  expectStatus(await upload('three', 'nonsense'), 400);
  const shown = expectStatus(await publisher.get('/endpoint-certificates/one'), 200).json();
  assert.deepEqual([shown.status, shown.version, shown.subject], ['Active', 'V3', 'CN=one, O=Test']);
  assert.equal(expectStatus(await publisher.get('/endpoint-certificates/one/content'), 200).body.trim(), pem.trim());
  assert.equal(
    expectStatus(await publisher.get('/endpoint-certificates?alias=one'), 200).json().certificates.length,
    1,
  );
  expectStatus(await publisher.delete('/endpoint-certificates/one'), 200);
  expectStatus(await publisher.get('/endpoint-certificates/one'), 404);
});

test('certificates of clients belong to an API and have a tier', async () => {
  const path = `/apis/${apiId}/client-certificates`;
  const upload = async (alias: string, tier: string) =>
    publisher.form(path, [
      { name: 'certificate', content: await certificate(alias, 5), fileName: 'c.crt' },
      field('alias', alias),
      field('tier', tier),
    ]);
  assert.deepEqual(expectStatus(await upload('bob', 'Gold'), 200).json(), { alias: 'bob', apiId, tier: 'Gold' });
  expectStatus(await upload('bob', 'Gold'), 409);
  expectStatus(await upload('eve', 'Diamond'), 400);
  const changed = await publisher.form(`${path}/bob`, [field('tier', 'Silver')], 'PUT');
  assert.equal(expectStatus(changed, 200).json().tier, 'Silver');
  assert.equal(expectStatus(await publisher.get(path), 200).json().certificates[0].tier, 'Silver');
  assert.equal(expectStatus(await publisher.get(`${path}/bob`), 200).json().status, 'Active');
  expectStatus(await publisher.delete(`${path}/bob`), 200);
  expectStatus(await publisher.get(`${path}/bob`), 404);
});

test('a shared scope changes in every API that uses it', async () => {
  const scope = { name: 'common', displayName: 'Common', description: 'For all', bindings: ['admin'] };
  const { id } = expectStatus(await publisher.post('/scopes', scope), 201).json();
  expectStatus(await publisher.post('/scopes', scope), 409);
  expectStatus(await publisher.post('/scopes', { ...scope, name: 'other', bindings: ['nobody'] }), 400);
  expectStatus(await publisher.post('/scopes', { ...scope, name: 'openid' }), 400);
  const operations = [{ target: '/x', verb: 'GET', scopes: ['common'] }];
  const form = { name: 'User', version: '1', context: '/user', operations };
  const api = expectStatus(await publisher.post('/apis', form), 201).json();
  assert.deepEqual(
    api.scopes.map(({ scope: { name }, shared }: { scope: { name: string }; shared: boolean }) => [name, shared]),
    [['common', true]],
  );
  const changed = { ...scope, bindings: ['Internal/subscriber'] };
  assert.equal(expectStatus(await publisher.put(`/scopes/${id}`, changed), 200).json().usageCount, 1);
  const now = (await publisher.get(`/apis/${api.id}`)).json();
  assert.deepEqual(now.scopes[0].scope.bindings, ['Internal/subscriber']);
  const usage = expectStatus(await publisher.get(`/scopes/${id}/usage`), 200).json();
  assert.deepEqual(usage.usedApiList[0].usedResourceList, [{ target: '/x', verb: 'GET' }]);
  expectStatus(await publisher.head('/scopes/common'), 200);
  expectStatus(await publisher.head('/scopes/uncommon'), 404);
  expectStatus(await publisher.delete(`/scopes/${id}`), 409);
  expectStatus(
    await publisher.put(`/apis/${api.id}`, { ...now, scopes: [], operations: [{ target: '/x', verb: 'GET' }] }),
    200,
  );
  expectStatus(await publisher.delete(`/scopes/${id}`), 200);
  assert.equal(expectStatus(await publisher.get('/scopes'), 200).json().count, 0);
});

test('subscribers are listed, blocked and unblocked, at the gateway too', async () => {
  const { list, pagination } = expectStatus(await publisher.get(`/subscriptions?apiId=${apiId}`), 200).json();
  assert.equal(pagination.total, 2);
  const mine = list.find((one: { throttlingPolicy: string }) => one.throttlingPolicy === 'Gold');
  assert.deepEqual(mine.applicationInfo, {
    applicationId: caller.id,
    name: 'caller',
    subscriber: 'admin',
    description: '',
    subscriptionCount: 1,
  });
  const found = (await publisher.get(`/subscriptions?apiId=${apiId}&query=wait`)).json();
  assert.deepEqual([found.count, found.list[0].applicationInfo.applicationId], [1, waiting.id]);
  const info = expectStatus(await publisher.get(`/subscriptions/${mine.subscriptionId}/subscriber-info`), 200).json();
  assert.equal(info.name, 'admin');

  const form = { grant_type: 'client_credentials' };
  const token = (await postForm(`${postern.http}/token`, form, basic(caller.key, caller.secret))).json().access_token;
  const becomes = async (status: number): Promise<void> => {
    const from = performance.now();
    for (;;) {
      const headers = { authorization: `Bearer ${token}` };
      const answer = await call(`${postern.http}/shop/1.0.0/x`, { headers });
      if (answer.status === status) return;
      assert.ok(performance.now() - from < 5000, `expected ${status}, still ${answer.status} ${answer.body}`);
    }
  };
  await becomes(200);
  const block = `/subscriptions/block-subscription?subscriptionId=${mine.subscriptionId}&blockState=`;
  expectStatus(await publisher.post(`${block}PROD_ONLY_BLOCKED`), 200);
  await becomes(403);
  expectStatus(await publisher.post(`/subscriptions/unblock-subscription?subscriptionId=${mine.subscriptionId}`), 200);
  await becomes(200);
  expectStatus(await publisher.post(`${block}UNBLOCKED`), 400);
  const held = list.find((one: { subscriptionStatus: string }) => one.subscriptionStatus === 'ON_HOLD');
  expectStatus(await publisher.post(`/subscriptions/unblock-subscription?subscriptionId=${held.subscriptionId}`), 409);
  expectStatus(await publisher.post('/subscriptions/unblock-subscription?subscriptionId=none'), 404);
});

test('409 when an API with subscribers is to be deleted; who is subscribed goes on with the new version', async () => {
  const deleter = await logIn(postern.server, { scopes: ['apim:api_delete'] });
  const answer = await restClient(`${postern.server}/api/am/publisher/v1`, deleter).delete(`/apis/${apiId}`);
  expectStatus(answer, 409);
  const copied = await publisher.post(`/apis/copy-api?apiId=${apiId}&newVersion=2.0.0`);
  const second = expectStatus(copied, 201).json();
  expectStatus(await publisher.post(`/apis/change-lifecycle?apiId=${second.id}&action=Publish`), 200);
  const { list } = (await publisher.get(`/subscriptions?apiId=${second.id}`)).json();
  assert.deepEqual(
    list.map((one: { throttlingPolicy: string; applicationInfo: { name: string } }) => [
      one.applicationInfo.name,
      one.throttlingPolicy,
    ]),
    [['caller', 'Gold']],
    'who waits for approval waits on',
  );
  const third = expectStatus(await publisher.post(`/apis/copy-api?apiId=${second.id}&newVersion=3.0.0`), 201).json();
  const again = 'Requires re-subscription when publishing the API:true';
  const query = new URLSearchParams({ apiId: third.id, action: 'Publish', lifecycleChecklist: again });
  expectStatus(await publisher.post(`/apis/change-lifecycle?${query}`), 200);
  assert.equal((await publisher.get(`/subscriptions?apiId=${third.id}`)).json().count, 0);
});

test('policies to choose from, in all and of an API', async () => {
  const policies = expectStatus(await publisher.get('/throttling-policies/subscription?limit=100'), 200).json();
  const gold = policies.list.find((one: { name: string }) => one.name === 'Gold');
  assert.deepEqual([gold.requestCount, gold.unitTime, gold.timeUnit, gold.stopOnQuotaReach], [5000, 1, 'min', true]);
  assert.equal(
    expectStatus(await publisher.get('/throttling-policies/api/10KPerMin'), 200).json().requestCount,
    10_000,
  );
  expectStatus(await publisher.get('/throttling-policies/api/Gold'), 404);
  expectStatus(await publisher.get('/throttling-policies/galaxy'), 404);
});

test('what a client has to know of the installation', async () => {
  const settings = expectStatus(await publisher.get('/settings'), 200).json();
  assert.equal(settings.environment[0].endpoints.http, postern.http);
  assert.ok(settings.scopes.includes('apim:api_publish'));
  const environments = expectStatus(await publisher.get(`/settings/gateway-environments?apiId=${apiId}`), 200).json();
  assert.equal(environments.list[0].name, 'Production and Sandbox');
  const role = (name: string) => Buffer.from(name).toString('base64url');
  expectStatus(await publisher.head(`/roles/${role('Internal/creator')}`), 200);
  expectStatus(await publisher.head(`/roles/${role('Internal/nobody')}`), 404);
  expectStatus(await publisher.head(`/me/roles/${role('admin')}`), 200);
  expectStatus(await publisher.head(`/me/roles/${role('Internal/analytics')}`), 404);
  assert.deepEqual((await publisher.get('/tenants')).json().list, [{ domain: 'carbon.super', status: 'active' }]);
  expectStatus(await publisher.head('/tenants/carbon.super'), 200);
  expectStatus(await publisher.head('/tenants/elsewhere.example'), 404);
  for (const path of [
    '/labels',
    '/api-categories',
    '/external-stores',
    `/apis/${apiId}/external-stores`,
    '/mediation-policies',
  ]) {
    assert.equal(expectStatus(await publisher.get(path), 200).json().count, 0, path);
  }
  const paths = expectStatus(await publisher.get(`/apis/${apiId}/resource-paths`), 200).json();
  assert.deepEqual(paths.list, [{ id: 1, resourcePath: '/*', httpVerb: 'GET' }]);
});
