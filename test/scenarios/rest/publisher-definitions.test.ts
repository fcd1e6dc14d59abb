/** The publisher API: OpenAPI definitions, imported, checked and kept in step with their APIs. */
import assert from 'node:assert/strict';
import { after, afterEach, before, test } from 'node:test';
import { type Backend, startBackend } from '../../support/backend.ts';
import { closeConnections } from '../../support/call.ts';
import { type Postern, startPostern } from '../../support/postern.ts';
import { logIn, type Part, type RestClient, restClient } from '../../support/rest.ts';

const definition = {
  openapi: '3.0.1',
  info: { title: 'Book Shop', version: '1.2.0', description: 'Sells books' },
  servers: [{ url: 'https://books.example/v1' }],
  paths: {
    '/books': {
      get: { summary: 'All books', responses: { '200': { description: 'OK' } } },
      post: {
        security: [{ shop: ['sell'] }],
        'x-auth-type': 'Application User',
        'x-throttling-tier': '10KPerMin',
        responses: { '201': { description: 'Created' } },
      },
    },
  },
  components: {
    securitySchemes: {
      shop: {
        type: 'oauth2',
        flows: {
          implicit: {
            authorizationUrl: 'https://books.example/authorize',
            scopes: { sell: 'Sell books' },
            'x-scopes-bindings': { sell: 'admin,Internal/publisher' },
          },
        },
      },
    },
  },
};

let documents: Backend;
let postern: Postern;
let publisher: RestClient;
let text: string | null = JSON.stringify(definition);

before(async () => {
  documents = await startBackend((request, response) => {
    if (request.url === '/moved') response.writeHead(302, { location: '/' }).end();
    else if (text === null) response.writeHead(503).end();
    else response.end(text);
  });
  postern = await startPostern({ args: ['--gateway.threads=1'] });
  const scopes = ['apim:api_view', 'apim:api_create', 'apim:api_publish', 'apim:api_delete'];
  publisher = restClient(`${postern.server}/api/am/publisher/v1`, await logIn(postern.server, { scopes }));
});
after(async () => {
  closeConnections();
  await postern?.stop();
  await documents.close();
});

// A scope is of one API, and each of them has that of the definition.
afterEach(async () => {
  const { list } = (await publisher.get('/apis?limit=100')).json();
  const ours = list.filter(({ name }: { name: string }) => name !== 'PizzaShackAPI');
  for (const { id } of ours) assert.equal((await publisher.delete(`/apis/${id}`)).status, 200);
});

const file = (content: object | string): Part => ({
  name: 'file',
  content: typeof content === 'string' ? content : JSON.stringify(content),
  fileName: 'books.json',
});
const fields = (name: string): Part => ({
  name: 'additionalProperties',
  content: JSON.stringify({
    name,
    version: '1.0.0',
    context: `/${name.toLowerCase()}`,
    policies: ['Gold'],
    endpointConfig: JSON.stringify({ endpoint_type: 'http', production_endpoints: { url: documents.url } }),
  }),
});

async function importAs(name: string) {
  const answer = await publisher.form('/apis/import-openapi', [file(definition), fields(name)]);
  assert.equal(answer.status, 201, answer.body);
  return answer.json();
}

const swagger = async (id: string) => (await publisher.get(`/apis/${id}/swagger`)).json();

test('a definition becomes an API with its operations, scopes and tiers', async () => {
  const api = await importAs('Imported');
  assert.equal(api.description, 'Sells books');
  assert.deepEqual(api.operations, [
    { target: '/books', verb: 'GET', authType: 'Any', throttlingPolicy: 'Unlimited', scopes: [], usedProductIds: [] },
    {
      target: '/books',
      verb: 'POST',
      authType: 'Application User',
      throttlingPolicy: '10KPerMin',
      scopes: ['sell'],
      usedProductIds: [],
    },
  ]);
  assert.deepEqual(
    api.scopes.map(({ scope }: { scope: object }) => scope),
    [{ name: 'sell', displayName: 'sell', description: 'Sell books', bindings: ['admin', 'Internal/publisher'] }],
  );
  const kept = await swagger(api.id);
  assert.equal(kept.paths['/books'].get.summary, 'All books');
  assert.deepEqual(kept.paths['/books'].post.security, [{ default: ['sell'] }]);
  assert.deepEqual(kept.info, { ...definition.info, title: 'Imported', version: '1.0.0' });
});

test('a definition from an address; without redirects', async () => {
  const url = (path: string): Part => ({ name: 'url', content: documents.url + path });
  const answer = await publisher.form('/apis/import-openapi', [url('/'), fields('Fetched')]);
  assert.equal(answer.status, 201, answer.body);
  const moved = await publisher.form('/apis/import-openapi', [url('/moved'), fields('Moved')]);
  assert.equal(moved.status, 400);
  assert.match(moved.json().description, /answered 302/);
  text = null;
  const gone = (await publisher.form('/apis/validate-openapi', [url('/')])).json();
  text = JSON.stringify(definition);
  assert.equal(gone.isValid, false);
  const local = await publisher.form('/apis/import-openapi', [{ name: 'url', content: 'file:///etc/passwd' }]);
  assert.equal(local.status, 400);
});

test('a definition is checked, and what is wrong with it is said with its place', async () => {
  const good = (await publisher.form('/apis/validate-openapi?returnContent=true', [file(definition)])).json();
  assert.equal(good.isValid, true);
  assert.equal(good.content, JSON.stringify(definition));
  assert.equal(good.info.openAPIVersion, '3.0.1');
  assert.deepEqual(good.info.endpoints, ['https://books.example/v1']);
  const bad = (await publisher.form('/apis/validate-openapi', [file('openapi: 3.0.0\npaths: []')])).json();
  assert.equal(bad.isValid, false);
  assert.match(bad.errors[0].message, /books\.json/);
  assert.equal((await publisher.form('/apis/import-openapi', [file('nonsense'), fields('Bad')])).status, 400);
  assert.equal((await publisher.form('/apis/validate-openapi', [])).status, 400);
  const trace = { ...definition, paths: { '/x': { trace: { responses: { '200': { description: 'OK' } } } } } };
  assert.equal((await publisher.form('/apis/import-openapi', [file(trace), fields('Trace')])).status, 400);
});

test('400 for additional properties that are no API, 409 for a second one', async () => {
  const properties = (content: string): Part => ({ name: 'additionalProperties', content });
  const typo = await publisher.form('/apis/import-openapi', [file(definition), properties('{"contxt":"/x"}')]);
  assert.equal(typo.status, 400);
  assert.match(typo.json().description, /contxt/);
  assert.equal((await publisher.form('/apis/import-openapi', [file(definition), properties('{')])).status, 400);
  await importAs('Twice');
  assert.equal((await publisher.form('/apis/import-openapi', [file(definition), fields('Twice')])).status, 409);
});

test('an API that was made without a definition has one; in both forms of OpenAPI', async () => {
  const form = { version: '1', operations: [{ target: '/order/{id}', verb: 'PUT' }] };
  const third = (await publisher.post('/apis', { ...form, name: 'Made3', context: '/made3' })).json();
  const made = await swagger(third.id);
  assert.equal(made.openapi, '3.0.1');
  assert.equal(made.paths['/order/{id}'].put.parameters[0].name, 'id');
  const second = await publisher.post('/apis?openAPIVersion=V2', { ...form, name: 'Made2', context: '/made2' });
  assert.equal((await swagger(second.json().id)).swagger, '2.0');
  // What we write, we read.
  for (const id of [third.id, second.json().id]) {
    const again = await publisher.form(`/apis/${id}/swagger`, [file(await swagger(id))], 'PUT');
    assert.equal(again.status, 200, again.body);
    assert.deepEqual(await swagger(id), again.json());
  }
  const all = (await publisher.post('/apis', { name: 'Bare', version: '1', context: '/bare' })).json();
  assert.equal(all.operations.length, 5);
});

test('operations that change in the API change in the definition, and the other way round', async () => {
  const api = await importAs('Both');
  const operations = [
    { target: '/books', verb: 'GET', scopes: ['sell'] },
    { target: '/authors', verb: 'GET', authType: 'None' },
  ];
  assert.equal((await publisher.put(`/apis/${api.id}`, { ...api, operations })).status, 200);
  const changed = await swagger(api.id);
  assert.deepEqual(Object.keys(changed.paths), ['/books', '/authors']);
  assert.deepEqual(Object.keys(changed.paths['/books']), ['get']);
  assert.equal(changed.paths['/books'].get.summary, 'All books');
  assert.deepEqual(changed.paths['/books'].get.security, [{ default: ['sell'] }]);
  assert.equal(changed.paths['/authors'].get['x-auth-type'], 'None');

  const paths = { '/writers': { get: { 'x-auth-type': 'None', responses: { '200': { description: 'OK' } } } } };
  const part = { name: 'apiDefinition', content: JSON.stringify({ ...changed, paths }) };
  const put = await publisher.form(`/apis/${api.id}/swagger`, [part], 'PUT');
  assert.equal(put.status, 200, put.body);
  const after = (await publisher.get(`/apis/${api.id}`)).json();
  assert.deepEqual(
    after.operations.map(({ target, authType }: Record<string, string>) => [target, authType]),
    [['/writers', 'None']],
  );
});

test('a tier of the whole API, and a path that is described elsewhere', async () => {
  const { get } = definition.paths['/books'];
  const form = {
    openapi: '3.1.0',
    info: definition.info,
    'x-throttling-tier': '10KPerMin',
    paths: { '/books': { $ref: '#/components/pathItems/books~1all' } },
    components: { pathItems: { 'books/all': { get } } },
  };
  const answer = await publisher.form('/apis/import-openapi', [file(form), fields('Elsewhere')]);
  assert.equal(answer.status, 201, answer.body);
  const api = answer.json();
  assert.equal(api.apiThrottlingPolicy, '10KPerMin');
  const kept = await swagger(api.id);
  assert.equal(kept.paths['/books'].get.summary, 'All books');
  assert.equal(kept['x-throttling-tier'], '10KPerMin');
  assert.equal((await publisher.form(`/apis/${api.id}/swagger`, [file(definition)], 'PUT')).status, 200);
  assert.equal((await publisher.get(`/apis/${api.id}`)).json().apiThrottlingPolicy, '10KPerMin', 'it goes on');
});

test('a definition that does not say who may have a scope opens it to nobody else', async () => {
  const api = await importAs('Bound');
  const open = structuredClone(definition) as { components: { securitySchemes: { shop: { flows: object } } } };
  open.components.securitySchemes.shop.flows = {
    implicit: { authorizationUrl: 'https://books.example/authorize', scopes: { sell: 'Sell' } },
  };
  assert.equal((await publisher.form(`/apis/${api.id}/swagger`, [file(open)], 'PUT')).status, 200);
  const after = (await publisher.get(`/apis/${api.id}`)).json();
  assert.deepEqual(after.scopes[0].scope.bindings, ['admin', 'Internal/publisher']);
});

test('whether a back end answers: its status, or why not', async () => {
  const ask = async (url: string) =>
    publisher.post(`/apis/validate-endpoint?${new URLSearchParams({ endpointUrl: url })}`);
  assert.equal((await ask(documents.url)).json().statusCode, 200);
  assert.equal((await ask(`${documents.url}/moved`)).json().statusCode, 302);
  const closed = await startBackend();
  await closed.close();
  const gone = (await ask(closed.url)).json();
  assert.deepEqual([gone.statusCode, gone.error], [0, 'ECONNREFUSED']);
  assert.equal((await ask('gopher://x')).status, 400);
});
