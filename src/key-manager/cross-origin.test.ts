import assert from 'node:assert/strict';
import { test } from 'node:test';
import { addClient, startAuthorizationServer } from '../../test/conformance/authorization-server.ts';

const page = 'https://app.example';
const endpoints = ['/oauth2/token', '/oauth2/revoke', '/oauth2/par', '/oauth2/userinfo', '/oauth2/jwks'];
const closed = ['/oauth2/introspect', '/oauth2/register', '/oauth2/authorize', '/oauth2/log-in', '/oauth2/account'];

const start = (browserOrigins: readonly string[] = [page]) => startAuthorizationServer({ options: { browserOrigins } });

const ask = (url: string, origin: string, method = 'OPTIONS') =>
  fetch(url, {
    method,
    headers: { origin, ...(method === 'OPTIONS' && { 'access-control-request-method': 'POST' }) },
    redirect: 'manual',
  });

const told = ({ headers }: Response): string[] =>
  [...headers].filter(([name]) => name.startsWith('access-control-')).map((pair) => pair.join(': '));

test('204 for what a browser asks before it calls from a page of an origin that may', async () => {
  await using server = await start();
  for (const path of endpoints) {
    const answer = await ask(server.url + path, page);
    assert.equal(answer.status, 204, path);
    assert.equal(answer.headers.get('access-control-allow-origin'), page);
    assert.equal(answer.headers.get('vary'), 'Origin');
    assert.match(answer.headers.get('access-control-allow-headers') ?? '', /\bAuthorization\b.*\bDPoP\b/);
    assert.match(answer.headers.get('access-control-allow-methods') ?? '', /GET|POST/);
    assert.equal(answer.headers.has('access-control-allow-credentials'), false, 'no cookie goes along');
  }
});

test('the answer, and a refusal as well, can be read by that page', async () => {
  await using server = await start();
  const client = await addClient(server);
  const headers = { origin: page };
  const good = await server.post('/oauth2/token', { grant_type: 'client_credentials' }, client, headers);
  const bad = await server.post('/oauth2/token', { grant_type: 'client_credentials' }, null, headers);
  assert.deepEqual([good.status, bad.status], [200, 401]);
  for (const answer of [good, bad]) assert.equal(answer.headers.get('access-control-allow-origin'), page);
  assert.match(bad.headers.get('access-control-expose-headers') ?? '', /WWW-Authenticate/);
});

test('pages of other origins, and other endpoints, are told nothing', async () => {
  await using server = await start();
  for (const path of endpoints) {
    for (const origin of ['https://evil.example', 'https://app.example.evil', 'http://app.example', 'null']) {
      const answer = await ask(server.url + path, origin);
      assert.equal(answer.status, 405, `${path} ${origin}`);
      assert.deepEqual(told(answer), []);
      assert.equal(answer.headers.get('vary'), 'Origin', 'no cache gives it to another');
    }
  }
  for (const path of closed) assert.deepEqual(told(await ask(server.url + path, page)), [], path);
});

test('* lets every page; without the option none', async () => {
  await using all = await start(['*']);
  await using none = await start([]);
  assert.equal((await ask(`${all.url}/oauth2/token`, 'https://any.example')).status, 204);
  const refused = await ask(`${none.url}/oauth2/token`, page);
  assert.deepEqual([refused.status, told(refused), refused.headers.get('vary')], [405, [], null]);
});
