/** Hostile requests to the control plane: each is refused, or answered, soon, and nobody else waits for it. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { after, before, test } from 'node:test';
import { connect } from 'node:tls';
import { type Answer, basic, call, closeConnections } from '../../support/call.ts';
import { type Postern, startPostern } from '../../support/postern.ts';
import { type Part, restClient } from '../../support/rest.ts';

/** Milliseconds until the answer, and in which others are answered meanwhile. */
const soon = 5000;
const atOnce = 500;

const as = basic('admin', 'admin');
let postern: Postern;
/** An API of ours, published, with a document and a description that are long. */
let own: { id: string; documentId: string };

before(async () => {
  postern = await startPostern({ args: ['--gateway.threads=1', '--developerPortal.selfSignUp=true'] });
  const publisher = restClient(url('publisher'), as);
  const made = await publisher.post('/apis', { ...apiForm('own'), description: 'a'.repeat(100_000) });
  assert.equal(made.status, 201, made.body);
  const { id } = made.json();
  const document = { name: 'long', type: 'HOWTO', sourceType: 'INLINE', visibility: 'API_LEVEL' };
  const { documentId } = (await publisher.post(`/apis/${id}/documents`, document)).json();
  const content = [{ name: 'inlineContent', content: 'a'.repeat(5_000_000) }];
  assert.equal((await publisher.form(`/apis/${id}/documents/${documentId}/content`, content)).status, 200);
  assert.equal((await publisher.post(`/apis/change-lifecycle?apiId=${id}&action=Publish`)).status, 200);
  own = { id, documentId };
});
after(async () => {
  closeConnections();
  await postern?.stop();
});

interface Hostile {
  readonly name: string;
  readonly send: () => Promise<Answer>;
  readonly status: number;
  /** What the description says; absent = anything. */
  readonly says?: RegExp;
}

const times = <T>(count: number, make: (at: number) => T): T[] => Array.from({ length: count }, (_, at) => make(at));
const named = (count: number): string[] => times(count, (at) => `x${at}`);
const nested = (levels: number): string => `${'{"a":'.repeat(levels)}1${'}'.repeat(levels)}`;
const operationJson = { get: { responses: { 200: { description: 'x' } } } };
const openApi = (paths: object): string =>
  JSON.stringify({ openapi: '3.0.0', info: { title: 'a', version: '1' }, paths });
const chain = (links: number): string =>
  openApi({
    ...Object.fromEntries(times(links, (at) => [`/p${at}`, { $ref: `#/paths/~1p${at + 1}` }])),
    [`/p${links}`]: operationJson,
  });

const makeApi = (more: object) => () => post('publisher', '/apis', JSON.stringify({ ...apiForm('hostile'), ...more }));
const validate = (content: string) => () =>
  restClient(url('publisher'), as).form('/apis/validate-openapi', [file(content)]);
const importOpenApi =
  (content: string, properties = JSON.stringify(apiForm('hostile'))) =>
  () =>
    restClient(url('publisher'), as).form('/apis/import-openapi', [
      file(content),
      { name: 'additionalProperties', content: properties },
    ]);
const search = (query: string) => () => call(`${url('store')}/apis?query=${encodeURIComponent(query)}`);
const form = (content: string, type: string) => () =>
  post('publisher', '/apis/validate-openapi', content, `multipart/form-data${type}`);
const cut = '--b\r\ncontent-disposition: form-data; name="file"; filename="a.yaml"\r\n\r\nopenapi: 3.0.0';

const requests: readonly Hostile[] = [
  // Bodies.
  {
    name: 'a body of 5,000 levels',
    send: () => post('store', '/applications', nested(5000)),
    status: 400,
    says: /deeper/,
  },
  {
    name: 'a list of 10 MB',
    send: () => post('publisher', '/apis', `[${'1,'.repeat(5_000_000)}1]`),
    status: 400,
    says: /100000 values/,
  },
  {
    name: 'a list that never ends',
    send: () => post('publisher', '/apis', '['.repeat(10_000_000)),
    status: 400,
    says: /100000 values/,
  },
  {
    name: 'too many fields',
    send: () => post('publisher', '/apis', `{${times(90_000, (at) => `"k${at}":1`).join()}}`),
    status: 400,
    says: /body: got 90000/,
  },
  {
    name: 'too much',
    send: () => post('publisher', '/apis', `"${'a'.repeat(11_000_000)}"`),
    status: 413,
    says: /10485760/,
  },
  ...['policies', 'tags', 'visibleRoles', 'categories', 'accessControlRoles', 'labels'].flatMap((field): Hostile[] =>
    [201, 40_000].map((count) => ({
      name: `${count} ${field}`,
      send: makeApi({ [field]: named(count) }),
      status: 400,
      says: new RegExp(`body/${field}: got ${count} entries; expected at most 200`),
    })),
  ),
  {
    name: '201 additional properties',
    send: makeApi({ additionalProperties: Object.fromEntries(times(201, (at) => [at, 'x'])) }),
    status: 400,
    says: /additionalProperties: got 201/,
  },
  {
    name: '20,000 scopes',
    send: makeApi({ scopes: named(20_000).map((name) => ({ scope: { name } })) }),
    status: 400,
    says: /scopes: got 20000 .* 1000/,
  },
  {
    name: '90,000 roles of scopes',
    send: makeApi({
      scopes: named(450).map((name) => ({ scope: { name, bindings: named(200).map((role) => name + role) } })),
    }),
    status: 400,
    says: /scopes: bindings: got 90000/,
  },
  {
    name: '80,000 scopes of operations',
    send: makeApi({
      operations: named(1000).map((name) => ({
        target: `/${name}`,
        verb: 'GET',
        scopes: named(80).map((scope) => name + scope),
      })),
    }),
    status: 400,
    says: /operations: scopes: got 80000/,
  },
  {
    name: '5,000 operations with paths and tiers that are none',
    send: makeApi({ operations: named(5000).map((name) => ({ target: name, verb: 'GET', throttlingPolicy: name })) }),
    status: 400,
    says: /operations: there is no throttling policy .* and 4980 more/,
  },
  {
    name: '20,000 operations',
    send: makeApi({ operations: named(20_000).map((name) => ({ target: `/${name}` })) }),
    status: 400,
    says: /operations: got 20000 .* 5000/,
  },
  {
    name: '5,000 wrong operations',
    send: makeApi({ operations: times(5000, () => ({ x: 1 })) }),
    status: 400,
    says: /unknown field "x".*; and 4980 more/,
  },
  {
    name: '40,000 subscriptions',
    send: () => post('store', '/subscriptions/multiple', JSON.stringify(times(40_000, () => ({ x: 1 })))),
    status: 400,
    says: /at most 100/,
  },
  {
    name: 'a description of 1 MB',
    send: makeApi({ description: 'a'.repeat(1_000_000) }),
    status: 400,
    says: /description: got 1000000/,
  },
  {
    name: 'a context of slashes',
    send: makeApi({ context: `/a${'/'.repeat(100_000)}a` }),
    status: 400,
    says: /context/,
  },
  {
    name: 'an endpoint type that is no text',
    send: makeApi({ endpointConfig: '{"endpoint_type":{"toString":1}}' }),
    status: 400,
    says: /endpoint_type: expected one of http/,
  },
  {
    name: 'a deep endpoint configuration',
    send: makeApi({ endpointConfig: nested(5000) }),
    status: 400,
    says: /endpointConfig.* deeper/,
  },
  {
    name: 'credentials of a type that is no text',
    send: makeApi({
      endpointConfig: {
        endpoint_type: 'http',
        production_endpoints: { url: 'http://x' },
        endpoint_security: { production: { enabled: true, type: { toString: 1 } } },
      },
    }),
    status: 400,
    says: /endpoint_security.production: type/,
  },
  {
    name: 'a checklist of plus signs',
    send: () =>
      post(
        'publisher',
        `/apis/change-lifecycle?apiId=${own.id}&action=Publish&lifecycleChecklist=${'%2B'.repeat(2500)}x`,
      ),
    status: 400,
    says: /lifecycleChecklist/,
  },
  // By strangers.
  {
    name: 'signing up with 500,000 fields',
    send: () =>
      post('store', '/self-signup', `{${times(500_000, (at) => `"k${at}":1`).join()}}`, 'application/json', null),
    status: 413,
    says: /16384/,
  },
  {
    name: 'signing up, deeply',
    send: () => post('store', '/self-signup', nested(1000), 'application/json', null),
    status: 400,
    says: /deeper/,
  },
  ...['1e19', '1e300', '-1'].map(
    (offset): Hostile => ({
      name: `the offset ${offset}`,
      send: () => call(`${url('store')}/apis?offset=${offset}`),
      status: 200,
    }),
  ),
  ...['constructor:x', '__proto__:x', 'nme:foo', ':', '"'].map(
    (query): Hostile => ({ name: `the query ${query}`, send: search(query), status: 200 }),
  ),
  {
    name: 'a word of 100 letters in documents',
    send: search(`doc:${'a'.repeat(100)}b`),
    status: 400,
    says: /40 characters/,
  },
  { name: 'five words in documents', send: search(times(5, () => `doc:${'a'.repeat(39)}b`).join(' ')), status: 200 },
  {
    name: 'a word of 1,000 letters in descriptions',
    send: search(`description:${'a'.repeat(1000)}b`),
    status: 400,
    says: /200 at most/,
  },
  {
    name: '20 words in descriptions',
    send: search(times(20, () => `description:${'a*'.repeat(99)}b`).join(' ')),
    status: 200,
  },
  {
    name: 'registering without a user',
    send: () => post('', '/client-registration/v0.17/register', nested(5000), 'application/json', null),
    status: 401,
  },
  // Definitions.
  { name: 'validating a chain of 8,000 references', send: validate(chain(8000)), status: 200 },
  {
    name: 'importing a chain of 8,000 references',
    send: importOpenApi(chain(8000)),
    status: 400,
    says: /more than 10/,
  },
  {
    name: 'a reference that is no text',
    send: importOpenApi(openApi({ '/a': { $ref: '#/paths/~1%zz' } })),
    status: 400,
    says: /%zz/,
  },
  { name: '4 MB of YAML', send: validate(`openapi: 3.0.0\nx: [${'{a},'.repeat(1_000_000)}]`), status: 200 },
  {
    name: '11,000 wrong parameters',
    send: validate(openApi({ '/a': { get: { ...operationJson.get, parameters: times(11_000, () => ({})) } } })),
    status: 200,
  },
  {
    name: '20,000 paths',
    send: importOpenApi(openApi(Object.fromEntries(named(20_000).map((name) => [`/${name}`, operationJson])))),
    status: 400,
  },
  {
    name: 'deep properties of a definition',
    send: importOpenApi(openApi({ '/a': operationJson }), nested(5000)),
    status: 400,
    says: /deeper/,
  },
  {
    name: '5 MB of properties of a definition',
    send: importOpenApi(openApi({ '/a': operationJson }), `[${'1,'.repeat(2_500_000)}1]`),
    status: 400,
    says: /100000 values/,
  },
  // Forms.
  { name: 'a form without boundary', send: form('x', ''), status: 400, says: /Boundary not found/ },
  { name: 'a form with an empty boundary', send: form('x', '; boundary='), status: 400, says: /multipart/ },
  { name: 'a form that is none', send: form('x', '; boundary=b'), status: 400, says: /multipart/ },
  ...[20, 60, cut.length].map(
    (length): Hostile => ({
      name: `a form cut off after ${length} bytes`,
      send: form(cut.slice(0, length), '; boundary=b'),
      status: 400,
      says: /can not be read/,
    }),
  ),
];

test('every hostile request is answered soon in our form, never 500, and nobody waits for it', async (t) => {
  for (const { name, send, status, says } of requests) {
    const { answer, took, waited } = await besideHealth(send);
    t.diagnostic(`${name}: ${answer.status} in ${took} ms, others waited ${waited} ms`);
    assert.equal(answer.status, status, `${name}: ${answer.body.slice(0, 300)}`);
    assert.ok(took < soon, `${name}: took ${took} ms`);
    assert.ok(waited < atOnce, `${name}: others waited ${waited} ms`);
    if (status < 400 || status === 401) continue;
    assert.ok(answer.body.length < 70_000, `${name}: an answer of ${answer.body.length} characters`);
    const error = answer.json();
    assert.equal(error.code, status, name);
    if (says) assert.match(error.description, says, name);
  }
});

test('a form whose connection breaks in the middle leaves nothing, and the next request is served', async () => {
  const path = `${new URL(url('publisher')).pathname}/apis/${own.id}/thumbnail`;
  const socket = connect({ port: Number(new URL(postern.server).port), host: 'localhost', rejectUnauthorized: false });
  await once(socket, 'secureConnect');
  const part = '--b\r\ncontent-disposition: form-data; name="file"; filename="a.png"\r\n\r\n\x89PNG';
  socket.write(
    `PUT ${path} HTTP/1.1\r\nhost: localhost\r\nauthorization: ${as}\r\ncontent-length: 100000\r\n` +
      `content-type: multipart/form-data; boundary=b\r\n\r\n${part}`,
  );
  socket.end();
  socket.resume();
  await once(socket, 'close');
  assert.equal((await call(postern.server + path, { headers: { authorization: as } })).status, 404);
  assert.doesNotMatch(postern.log(), /request failed/);
});

/** Sends a request; meanwhile others ask for `/health` on a connection of their own, one after the other. */
async function besideHealth(send: () => Promise<Answer>): Promise<{ answer: Answer; took: number; waited: number }> {
  let waited = 0;
  let isDone = false;
  // First, as what makes the body is no wait of others.
  const sent = send().finally(() => (isDone = true));
  const from = performance.now();
  while (!isDone) {
    const asked = performance.now();
    assert.equal((await call(`${postern.server}/health`)).status, 200);
    waited = Math.max(waited, Math.round(performance.now() - asked));
  }
  return { answer: await sent, took: Math.round(performance.now() - from), waited };
}

function post(
  api: string,
  path: string,
  body?: string,
  type = 'application/json',
  authorization: string | null = as,
): Promise<Answer> {
  const headers = { 'content-type': type, ...(authorization !== null && { authorization }) };
  const base = api === '' ? postern.server : url(api);
  return call(base + path, { method: 'POST', headers, ...(body !== undefined && { body }) });
}

function url(api: string): string {
  return `${postern.server}/api/am/${api}/v1`;
}

function apiForm(name: string) {
  const endpointConfig = { endpoint_type: 'http', production_endpoints: { url: 'http://127.0.0.1:9' } };
  return { name, version: '1.0.0', context: `/${name}`, policies: ['Unlimited'], endpointConfig };
}

function file(content: string): Part {
  return { name: 'file', content, fileName: content.startsWith('{') ? 'a.json' : 'a.yaml' };
}
