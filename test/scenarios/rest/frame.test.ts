/** What all operations of the REST APIs have in common: who may call, in which versions, with what kind of body. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { type Answer, basic, call, closeConnections } from '../../support/call.ts';
import { type Postern, startPostern } from '../../support/postern.ts';
import { logIn, restClient } from '../../support/rest.ts';

let postern: Postern;
let api: (name: string) => string;

before(async () => {
  postern = await startPostern({ args: ['--gateway.threads=1'] });
  api = (name) => `${postern.server}/api/am/${name}`;
});
after(async () => {
  closeConnections();
  await postern?.stop();
});

test('401 without credentials, with wrong ones, and with a token that was revoked a moment ago', async () => {
  const authorization = await logIn(postern.server, { scopes: ['apim:api_view'] });
  const status = async (value?: string) => {
    const answer = await restClient(api('publisher/v1'), value).get('/settings');
    return [answer.status, answer.headers['www-authenticate']?.split(' ')[0]];
  };
  assert.deepEqual(await status(), [401, 'Bearer']);
  for (const wrong of ['Bearer x', 'Bearer a.b.c', basic('admin', 'wrong'), basic('nobody', 'admin'), 'Digest x']) {
    assert.deepEqual(await status(wrong), [401, 'Bearer'], wrong);
  }
  assert.equal((await restClient(api('publisher/v1'), authorization).get('/apis')).status, 200);
  const registered = await call(`${postern.server}/client-registration/v0.17/register`, {
    method: 'POST',
    headers: { authorization: basic('admin', 'admin'), 'content-type': 'application/json' },
    body: JSON.stringify({ clientName: 'rest_client', owner: 'admin' }),
  });
  const { clientId, clientSecret } = registered.json();
  const revoked = await call(`${postern.server}/oauth2/revoke`, {
    method: 'POST',
    headers: {
      authorization: basic(clientId, clientSecret),
      'content-type': 'application/x-www-form-urlencoded',
    },
    body: `token=${authorization.slice('Bearer '.length)}`,
  });
  assert.equal(revoked.status, 200);
  assert.deepEqual(await status(authorization), [401, 'Bearer']);
});

test('403 that names the scope; a name and a password have every scope of the roles', async () => {
  const authorization = await logIn(postern.server, { scopes: ['apim:api_view'] });
  const refused = await restClient(api('publisher/v1'), authorization).post('/apis', {});
  assert.equal(refused.status, 403);
  assert.match(refused.headers['www-authenticate'] ?? '', /error="insufficient_scope", scope="apim:api_create"/);
  assert.equal((await restClient(api('publisher/v1'), basic('admin', 'admin')).post('/apis', {})).status, 400);
});

test('v1 and v1.0 to v1.2 are the same, store and devportal too; others are 404', async () => {
  for (const path of ['store/v1', 'store/v1.0', 'store/v1.1', 'store/v1.2', 'devportal/v1', 'devportal/v1.2']) {
    assert.equal((await call(`${api(path)}/apis`)).status, 200, path);
  }
  for (const path of ['store/v10', 'store/v1.3', 'store/v2', 'store/v0.17', 'portal/v1', 'store']) {
    assert.equal((await call(`${api(path)}/apis`)).status, 404, path);
  }
});

test('501 for what is not built, after credentials were looked at', async () => {
  assert.equal((await call(`${api('publisher/v1')}/apis/import-wsdl`, { method: 'POST' })).status, 401);
  const publisher = restClient(api('publisher/v1'), basic('admin', 'admin'));
  assert.equal((await publisher.form('/apis/import-wsdl', [{ name: 'url', content: 'http://x' }])).status, 501);
});

test('a body of the wrong kind: 415, 400, 413', async () => {
  const publisher = restClient(api('publisher/v1'), basic('admin', 'admin'));
  const json = await publisher.post('/apis/validate-openapi', {});
  assert.equal(json.status, 415);
  assert.match(json.json().description, /not application\/json: send "Content-Type: multipart\/form-data"/);
  for (const type of ['text/plain', 'application/xml', 'multipart/form-data; boundary=b', undefined]) {
    const sent = { authorization: basic('admin', 'admin'), ...(type && { 'content-type': type }) };
    const answer = await call(`${api('publisher/v1')}/apis`, { method: 'POST', headers: sent, body: '{}' });
    assert.equal(answer.status, 415, String(type));
    assert.match(answer.json().description, /send "Content-Type: application\/json"/, String(type));
  }
  const file = { name: 'file', content: 'x', fileName: 'x.yaml' };
  const forms = [
    [[{ ...file, name: 'fiel' }], 400, /Unknown part "fiel"; expected: url, file/],
    [[file, file], 400, /"file" was sent more than once/],
    [[{ ...file, content: Buffer.alloc(11 * 1024 * 1024) }], 413, /./],
  ] as const;
  for (const [parts, status, words] of forms) {
    const answer = await publisher.form('/apis/validate-openapi', parts);
    assert.equal(answer.status, status, answer.body);
    assert.match(answer.json().description, words);
  }
  const headers = { authorization: basic('admin', 'admin'), 'content-type': 'application/json' };
  for (const body of ['{', '[', '{"name":"a","__proto__":{"x":1}}', '"text"', '7']) {
    const answer = await call(`${api('publisher/v1')}/apis`, { method: 'POST', headers, body });
    assert.equal(answer.status, 400, body);
    assert.equal(answer.json().message, 'Bad Request');
  }
});

test('a content type without a body is no error where no body is wanted', async () => {
  const path = '/subscriptions/unblock-subscription?subscriptionId=none';
  for (const type of ['application/json', 'application/x-www-form-urlencoded', 'text/plain']) {
    const headers = { authorization: basic('admin', 'admin'), 'content-type': type };
    const answer = await call(api('publisher/v1') + path, { method: 'POST', headers });
    assert.equal(answer.status, 404, answer.body);
  }
  const headers = { authorization: basic('admin', 'admin'), 'content-type': 'text/plain' };
  const answer = await call(api('publisher/v1') + path, { method: 'POST', headers, body: 'text' });
  assert.equal(answer.status, 415);
  assert.match(answer.json().description, /takes no body/);
});

test('403 for signing up where nobody can, whatever is sent', async () => {
  const headers = { 'content-type': 'application/json' };
  for (const body of ['{', '{}', `"${'a'.repeat(100_000)}"`]) {
    const answer = await call(`${api('store/v1')}/self-signup`, { method: 'POST', headers, body });
    assert.equal(answer.status, 403, answer.body);
    assert.match(answer.json().description, /developerPortal.selfSignUp/);
  }
});

test('400 that names the field for names with hidden characters; 201 for what scripts need', async () => {
  const as = basic('admin', 'admin');
  const rest = { publisher: restClient(api('publisher/v1'), as), portal: restClient(api('store/v1'), as) };
  const admin = restClient(api('admin/v1'), as);
  const documented = (await rest.publisher.post('/apis', apiForm('documented'))).json().id;
  const limit = { type: 'REQUESTCOUNTLIMIT', requestCount: { timeUnit: 'min', unitTime: 1, requestCount: 5 } };
  const makes: readonly [field: string, (name: string) => Promise<Answer>][] = [
    ['name', (name) => rest.publisher.post('/apis', apiForm(name))],
    ['tags', (name) => rest.publisher.post('/apis', { ...apiForm('tagged'), tags: [name] })],
    ['scopes', (name) => rest.publisher.post('/apis', { ...apiForm('scoped'), scopes: [scopeForm('s', name)] })],
    ['displayName', (name) => rest.publisher.post('/scopes', { name: 'shared', displayName: name })],
    ['name', (name) => rest.portal.post('/applications', { name, throttlingPolicy: 'Unlimited' })],
    ['body/name', (name) => admin.post('/labels', { name })],
    ['body/name', (name) => admin.post('/api-categories', { name })],
    ['name', (name) => rest.publisher.post(`/apis/${documented}/documents`, { ...documentForm, name })],
    ['body/name', (name) => admin.post('/key-managers', { name, ...keyManagerForm })],
    [
      'body/displayName',
      (displayName) =>
        admin.post('/throttling/policies/application', { policyName: 'hidden', displayName, defaultLimit: limit }),
    ],
  ];
  for (const [field, make] of makes) {
    for (const hidden of ['\u0007', '\u202e', '\u2028', '\u2066']) {
      const answer = await make(`a${hidden}b`);
      assert.equal(answer.status, 400, `${field} ${answer.body}`);
      assert.ok(answer.json().description.startsWith(`${field}: `), answer.body);
      assert.match(answer.json().description, /no control characters/);
    }
    assert.equal((await make('क्\u200dष')).status, 201, field);
  }
});

test('200 with an ASCII name and the real one for exports of things that are not named in ASCII', async () => {
  const as = basic('admin', 'admin');
  assert.equal((await restClient(api('publisher/v1'), as).post('/apis', apiForm('日本'))).status, 201);
  const answer = await restClient(api('admin/v1'), as).get(`/export/api?name=${encodeURI('日本')}&version=1.0.0`);
  assert.equal(answer.status, 200);
  assert.equal(
    answer.headers['content-disposition'],
    `attachment; filename="__-1.0.0.zip"; filename*=UTF-8''%E6%97%A5%E6%9C%AC-1.0.0.zip`,
  );
});

test('201 with the address of a document elsewhere as headers say it, and 303 to it', async () => {
  const publisher = restClient(api('publisher/v1'), basic('admin', 'admin'));
  const { id } = (await publisher.post('/apis', apiForm('elsewhere'))).json();
  for (const [at, sourceUrl] of ['http://x/日本', 'http://x/\r\n日本'].entries()) {
    const document = { ...documentForm, sourceType: 'URL', name: String(at), sourceUrl };
    const made = await publisher.post(`/apis/${id}/documents`, document);
    assert.equal(made.status, 201, made.body);
    assert.equal(made.json().sourceUrl, 'http://x/%E6%97%A5%E6%9C%AC');
    const content = await publisher.get(`/apis/${id}/documents/${made.json().documentId}/content`);
    assert.deepEqual([content.status, content.headers.location], [303, 'http://x/%E6%97%A5%E6%9C%AC']);
  }
});

test('a field of a search that is none of the known ones is an additional property', async () => {
  const publisher = restClient(api('publisher/v1'), basic('admin', 'admin'));
  const form = { ...apiForm('painted'), additionalProperties: { color: 'Red' } };
  assert.equal((await publisher.post('/apis', form)).status, 201);
  const names = async (query: string): Promise<string[]> =>
    (await publisher.get(`/apis?query=${encodeURIComponent(query)}`))
      .json()
      .list.map((one: { name: string }) => one.name);
  for (const query of ['color:red', 'color:R', 'color:"red"']) assert.deepEqual(await names(query), ['painted'], query);
  for (const query of ['color:blue', 'nme:painted', 'constructor:x', '__proto__:x']) {
    assert.deepEqual(await names(query), [], query);
  }
});

let contexts = 0;

const apiForm = (name: string) => ({ name, version: '1.0.0', context: `/frame${contexts++}`, policies: ['Unlimited'] });
const keyManagerForm = {
  type: 'custom',
  issuer: 'https://issuer.example',
  certificates: { type: 'JWKS', value: 'https://issuer.example/jwks' },
};
const documentForm = { type: 'HOWTO', sourceType: 'INLINE', visibility: 'API_LEVEL' };
const scopeForm = (name: string, displayName: string) => ({ scope: { name, displayName }, shared: false });
