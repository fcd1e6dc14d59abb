/** Several ways to be let in: access tokens, Basic credentials and API keys, at a microgateway without any source. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { after, before, test } from 'node:test';
import { type Backend, startBackend } from '../support/backend.ts';
import { type Answer, basic, call, closeConnections } from '../support/call.ts';
import { startTestGateway, type TestGateway, testApi, testIssuer, testResource } from '../support/gateway.ts';
import { newSigner } from '../support/signer.ts';

const issuer = 'https://issuer.example';
const keyIssuer = 'https://issuer.example/api-keys';
const signer = newSigner();
const sha = (algorithm: string, text: string): string => createHash(algorithm).update(text).digest('hex');
let backend: Backend;
let gateway: TestGateway;

before(async () => {
  backend = await startBackend();
  const { url } = backend;
  gateway = await startTestGateway({
    fixed: {
      entities: [
        testIssuer({ issuer, keys: [signer.jwk], subscriptions: 'none' }),
        testIssuer({ issuer: keyIssuer, keys: [signer.jwk], subscriptions: 'claim', apiKeys: true }),
        testApi('tokens', url),
        testApi('users', url, { security: { schemes: ['basic_auth'] } }),
        testApi('keys', url, {
          security: {
            schemes: ['api_key'],
            apiKeys: [
              { in: 'header', name: 'X-Key' },
              { in: 'query', name: 'key' },
            ],
          },
          resources: [testResource(), testResource({ path: '/open', authType: 'None' })],
        }),
        testApi('any', url, {
          security: { schemes: ['oauth2', 'basic_auth', 'api_key'] },
          resources: [
            testResource({ scopes: ['read'] }),
            testResource({ path: '/user', security: { schemes: ['basic_auth'] } }),
            testResource({ path: '/open', authType: 'None' }),
          ],
        }),
        testApi('own', url, { authorizationHeader: 'x-auth' }),
        testApi('tls', url, { security: { schemes: ['oauth2'], mutualTls: 'mandatory' } }),
        testApi('alone', url, { security: { schemes: [], mutualTls: 'optional' } }),
        testApi('maybe', url, { security: { schemes: ['oauth2'], mutualTls: 'optional' } }),
        testApi('secure', url, { transports: ['https'] }),
      ],
      basicUsers: [
        { name: 'ann', password: sha('sha1', 'plain:with colon').toUpperCase(), scopes: ['read'] },
        { name: 'bob', password: `@sha256:{${sha('sha256', 'secret')}}`, scopes: [] },
        { name: 'cat', password: `@sha512:{${sha('sha512', 'sécret')}}`, scopes: ['write', 'read'] },
      ],
    },
  });
  await gateway.gateway.serving;
});
after(async () => {
  closeConnections();
  await gateway.stop();
  await backend.close();
});

const get = (path: string, headers: Record<string, string> = {}): Promise<Answer> =>
  call(gateway.http + path, { headers });
const token = (claims: Record<string, unknown> = {}): string => signer.sign({ iss: issuer, scope: 'read', ...claims });
const bearer = (value: string) => ({ authorization: `Bearer ${value}` });
const apiKey = (claims: Record<string, unknown> = {}): string =>
  signer.sign({ iss: keyIssuer, exp: undefined, allowedAPIs: [{ name: 'keys', version: '*' }], ...claims });

function refused(answer: Answer, status: number, code: number, challenge?: RegExp): void {
  assert.equal(answer.status, status, answer.body);
  assert.equal(answer.json().fault.code, code, answer.body);
  if (challenge) assert.match(String(answer.headers['www-authenticate']), challenge);
}

test('200 with a token of an issuer that the configuration trusts', async () => {
  assert.equal((await get('/tokens/1.0.0/a', bearer(token()))).status, 200);
});

test('200 with Basic credentials in each kind of hash, also with a colon in the password', async () => {
  for (const [user, password] of [
    ['ann', 'plain:with colon'],
    ['bob', 'secret'],
    ['cat', 'sécret'],
  ] as const) {
    const answer = await get('/users/1.0.0/a', { authorization: basic(user, password) });
    assert.equal(answer.status, 200, answer.body);
    assert.equal(answer.json().headers.authorization, undefined);
  }
});

test('401/900914 with a wrong password, an unknown user, no colon or nothing that can be decoded', async () => {
  const wrong = [basic('bob', 'wrong'), basic('bob', ''), basic('eve', 'secret'), basic('Bob', 'secret')];
  const malformed = ['Basic', 'Basic !!!', `Basic ${Buffer.from('bob').toString('base64')}`];
  for (const authorization of [...wrong, ...malformed.slice(1)]) {
    refused(await get('/users/1.0.0/a', { authorization }), 401, 900914, /^Basic realm="Postern", charset="UTF-8"$/);
  }
});

test('401/900902 without credentials, which names what would do and challenges for each scheme', async () => {
  const answer = await get('/any/1.0.0/a');
  refused(
    answer,
    401,
    900902,
    /^Bearer realm="Postern", Basic realm="Postern", charset="UTF-8", ApiKey realm="Postern"$/,
  );
  assert.match(
    answer.json().fault.description,
    /Bearer <token>.*Basic.*header field `apikey` or the query parameter `apikey`/,
  );
  refused(await get('/users/1.0.0/a'), 401, 900902, /^Basic/);
  refused(await get('/keys/1.0.0/a'), 401, 900902, /^ApiKey/);
  refused(await get('/any/1.0.0/a', { authorization: 'Basic' }), 401, 900902);
});

test('401/900917 for a scheme that the resource does not have, which names what would do', async () => {
  const answer = await get('/users/1.0.0/a', bearer(token()));
  refused(answer, 401, 900917, /^Basic realm="Postern", charset="UTF-8"$/);
  assert.match(answer.json().fault.description, /user name and password as `Authorization: Basic/);
  refused(await get('/tokens/1.0.0/a', { authorization: basic('bob', 'secret') }), 401, 900917, /^Bearer/);
  refused(await get('/any/1.0.0/user', bearer(token())), 401, 900917);
  refused(await get('/keys/1.0.0/a', { authorization: 'Digest x' }), 401, 900917);
  refused(await get('/keys/1.0.0/a', { authorization: basic('bob', 'secret') }), 401, 900917);
});

test('200 with any one of several schemes; a refusal of one challenges for all', async () => {
  const path = '/any/1.0.0/a';
  assert.equal((await get(path, bearer(token()))).status, 200);
  assert.equal((await get(path, { authorization: basic('ann', 'plain:with colon') })).status, 200);
  assert.equal((await get(path, { apikey: apiKey({ allowedAPIs: [{ name: 'any', version: '1.0.0' }] }) })).status, 200);
  refused(await get(path, bearer('a.b.c')), 401, 900901, /^Bearer .*error="invalid_token".*, Basic .*, ApiKey /);
});

test('403/900910 for a user or a token without the scope; it does not count for API keys', async () => {
  refused(await get('/any/1.0.0/a', { authorization: basic('bob', 'secret') }), 403, 900910);
  refused(await get('/any/1.0.0/a', bearer(token({ scope: 'write' }))), 403, 900910);
});

test('200 without credentials where a resource wants none, whatever its API wants', async () => {
  assert.equal((await get('/any/1.0.0/open')).status, 200);
});

test('an API key is taken from header or query, which the back end does not get', async () => {
  const key = apiKey();
  const byHeader = await get('/keys/1.0.0/a?x=1&key=unused&y=2', { 'x-key': key });
  assert.equal(byHeader.status, 200, byHeader.body);
  assert.equal(byHeader.json().headers['x-key'], undefined);
  const byQuery = await get(`/keys/1.0.0/a?x=1&k%65y=${key}&y=%20&key=again`);
  assert.equal(byQuery.status, 200, byQuery.body);
  assert.equal(byQuery.json().url, '/a?x=1&y=%20');
  assert.equal((await get(`/keys/1.0.0/a?key=${key}`)).json().url, '/a');
});

test('a back end gets no API key where none is asked for, by token or without security', async () => {
  const keys = { apikey: apiKey() };
  for (const [path, headers] of [
    ['/any/1.0.0/open', keys],
    ['/any/1.0.0/user', { ...keys, authorization: basic('bob', 'secret') }],
    ['/tokens/1.0.0/a', { ...keys, ...bearer(token()) }],
  ] as const) {
    const answer = await get(`${path}?x=1&apikey=${keys.apikey}`, headers);
    assert.equal(answer.status, 200, answer.body);
    assert.equal(answer.json().headers.apikey, undefined, path);
    assert.equal(new URL(answer.json().url, 'http://a').search, '?x=1', path);
  }
  const open = await get('/keys/1.0.0/open?key=k&x=1', { 'x-key': 'k' });
  assert.equal(open.json().headers['x-key'], undefined);
  assert.equal(open.json().url, '/open?x=1');
});

test('401/900901 for an API key that is unsigned, over, or of an issuer of access tokens; 900903 when it is over', async () => {
  const now = Math.floor(Date.now() / 1000);
  const [head, body] = apiKey().split('.');
  for (const key of ['x', `${head}.${body}.AAAA`, token(), newSigner().sign({ iss: keyIssuer })]) {
    refused(await get('/keys/1.0.0/a', { 'x-key': key }), 401, 900901, /^ApiKey realm="Postern"$/);
  }
  refused(await get('/keys/1.0.0/a', { 'x-key': apiKey({ exp: now }) }), 401, 900903);
});

test('401/900901 for an API key in the place of an access token', async () => {
  refused(await get('/tokens/1.0.0/a', bearer(apiKey({ exp: 9_999_999_999 }))), 401, 900901);
  refused(await get('/tokens/1.0.0/a', bearer(signer.sign({ iss: issuer }, { typ: 'apikey+jwt' }))), 401, 900901);
});

test('403/900908 for an API key that does not list the API; subscribedAPIs goes before allowedAPIs', async () => {
  refused(
    await get('/keys/1.0.0/a', { 'x-key': apiKey({ allowedAPIs: [{ name: 'keys', version: '2' }] }) }),
    403,
    900908,
  );
  refused(await get('/keys/1.0.0/a', { 'x-key': apiKey({ subscribedAPIs: [] }) }), 403, 900908);
});

test('403/900908 for an API key that is used from elsewhere than it permits', async () => {
  const use = async (claims: Record<string, unknown>, headers: Record<string, string> = {}) =>
    (await get('/keys/1.0.0/a', { 'x-key': apiKey(claims), ...headers })).status;
  assert.equal(await use({ permittedIP: '10.0.0.0/8, 127.0.0.0/8, ::1' }), 200);
  assert.equal(await use({ permittedIP: '10.0.0.0/8' }), 403);
  assert.equal(await use({ permittedIP: 'nonsense' }), 403);
  const referer = { permittedReferer: 'https://*.example/*,https://one.test/' };
  assert.equal(await use(referer, { referer: 'https://a.example/x' }), 200);
  assert.equal(await use(referer, { referer: 'https://a.example.evil/' }), 403);
  assert.equal(await use(referer), 403);
});

test('an API can have a header field of its own for tokens, which the back end does not get', async () => {
  const answer = await get('/own/1.0.0/a', { 'x-auth': `Bearer ${token()}`, authorization: 'for the back end' });
  assert.equal(answer.status, 200, answer.body);
  assert.equal(answer.json().headers['x-auth'], undefined);
  assert.equal(answer.json().headers.authorization, 'for the back end');
  refused(await get('/own/1.0.0/a', bearer(token())), 401, 900902);
});

test('401/900911 where a client certificate is needed, whatever else is sent', async () => {
  refused(await get('/tls/1.0.0/a', bearer(token())), 401, 900911);
  refused(await get('/alone/1.0.0/a'), 401, 900911);
  assert.equal((await get('/maybe/1.0.0/a', bearer(token()))).status, 200);
  refused(await get('/maybe/1.0.0/a'), 401, 900902);
});

test('403/403 over a transport that the API does not have', async () => {
  const answer = await get('/secure/1.0.0/a', bearer(token()));
  refused(answer, 403, 403);
  assert.match(answer.json().fault.description, /secure 1\.0\.0 answers over HTTPS only/);
  assert.equal((await call(`${gateway.https}/secure/1.0.0/a`, { headers: bearer(token()) })).status, 200);
});
