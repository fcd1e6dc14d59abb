/** What all operations of the REST APIs have in common: who may call, in which versions, with what kind of body. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { basic, call, closeConnections } from '../../support/call.ts';
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
  assert.equal((await publisher.post('/apis/validate-openapi', {})).status, 415);
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
  const headers = { authorization: basic('admin', 'admin'), 'content-type': 'application/json' };
  const path = '/subscriptions/unblock-subscription?subscriptionId=none';
  const answer = await call(api('publisher/v1') + path, { method: 'POST', headers });
  assert.equal(answer.status, 404, answer.body);
});
