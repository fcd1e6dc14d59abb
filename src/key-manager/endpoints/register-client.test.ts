import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import {
  type AuthorizationServer,
  basic,
  startAuthorizationServer,
} from '../../../test/conformance/authorization-server.ts';

let server: AuthorizationServer;
before(async () => {
  server = await startAuthorizationServer();
  await server.km.users.create({ name: 'admin', password: 'admin', roles: ['admin'] });
  await server.km.users.create({ name: 'mary', password: 'marys', roles: [] });
});
after(() => server[Symbol.asyncDispose]());

const path = '/client-registration/v0.17/register';
const asMary = basic('mary', 'marys');
const register = (body: unknown, authorization: string | null = asMary, at = path) =>
  server.post(at, typeof body === 'string' ? body : JSON.stringify(body), null, {
    'content-type': 'application/json',
    ...(authorization === null ? {} : { authorization }),
  });
const valid = {
  callbackUrl: 'https://client.example/cb',
  clientName: 'rest_api_publisher',
  owner: 'mary',
  grantType: 'client_credentials password refresh_token',
  saasApp: true,
};

test('200 with a client that gets tokens', async () => {
  const { status, json } = await register(valid);
  assert.equal(status, 200);
  assert.match(json.clientId, /^[A-Za-z0-9_]{15,30}$/);
  const { clientId, clientSecret, jsonString, ...rest } = json;
  assert.deepEqual(rest, {
    clientName: 'rest_api_publisher',
    callBackURL: 'https://client.example/cb',
    isSaasApplication: true,
    appOwner: 'mary@carbon.super',
  });
  assert.equal(JSON.parse(jsonString).grant_types, valid.grantType);
  const key = { consumerKey: clientId, consumerSecret: clientSecret };
  const form = { grant_type: 'password', username: 'mary', password: 'marys' };
  assert.equal((await server.post('/oauth2/token', form, key)).status, 200);
});

test('the same name of the same owner is the same client, also at once; another owner gets another', async () => {
  const body = { ...valid, clientName: 'again' };
  const answers = await Promise.all(Array.from({ length: 5 }, () => register(body)));
  assert.equal(new Set(answers.map(({ json }) => `${json.clientId} ${json.clientSecret}`)).size, 1);
  const other = await register({ ...body, owner: 'admin' }, basic('admin', 'admin'));
  assert.notEqual(other.json.clientId, answers[0]?.json.clientId);
});

test('owner, grantType, callbackUrl and saasApp may be left out; any v0.x will do', async () => {
  for (const version of ['v0.14', 'v0.15', 'v0.17', 'v0.9']) {
    const { status, json } = await register(
      { clientName: version },
      asMary,
      `/client-registration/${version}/register`,
    );
    assert.deepEqual([status, json.appOwner, json.isSaasApplication], [200, 'mary@carbon.super', false]);
    assert.equal(JSON.parse(json.jsonString).grant_types, 'client_credentials password refresh_token');
  }
  for (const version of ['v1.0', 'v0.x', 'v0.', 'v0.1234']) {
    assert.equal((await register(valid, asMary, `/client-registration/${version}/register`)).status, 404, version);
  }
});

test('400 that names the field', async () => {
  for (const [body, field] of [
    ['{', /not valid JSON/],
    ['', /not valid JSON/],
    ['[]', /JSON object/],
    ['null', /JSON object/],
    [{ ...valid, clientName: undefined }, /clientName: expected a name/],
    [{ ...valid, clientName: undefined, clientNam: 'a' }, /unknown field 'clientNam'; expected some of clientName, /],
    [{ ...valid, clientName: '' }, /clientName/],
    [{ ...valid, clientName: 'a\u202eb' }, /clientName/],
    [{ ...valid, clientName: 7 }, /clientName: expected a string/],
    [{ ...valid, clientName: 'a\nb' }, /clientName/],
    [{ ...valid, grantType: 'password magic' }, /grantType: expected names out of/],
    [{ ...valid, grantType: ['password'] }, /grantType: expected a string/],
    [{ ...valid, saasApp: 'true' }, /saasApp: expected true or false/],
    [{ ...valid, callbackUrl: '/cb' }, /callbackUrl: expected an absolute URL/],
    [{ ...valid, callbackUrl: 'https://a/#b' }, /callbackUrl/],
    [{ ...valid, callbackUrl: `https://a/${'b'.repeat(1991)}` }, /callbackUrl.* 2000/],
    [{ ...valid, callbackUrl: 'javascript:alert(1)' }, /callbackUrl/],
    [{ ...valid, callbackUrl: ' javascript:alert(1)' }, /callbackUrl/],
    [{ ...valid, callbackUrl: 'data:text/html,a.b:c' }, /callbackUrl/],
    [{ ...valid, callbackUrl: 'myapp:/cb' }, /callbackUrl/],
    [{ ...valid, callbackUrl: 'https:a' }, /callbackUrl/],
    [{ ...valid, callbackUrl: 'https://a b/' }, /callbackUrl/],
    [{ ...valid, callbackUrl: 'regexp=' }, /callbackUrl/],
    [{ ...valid, callbackUrl: 'regexp=(https://a/cb|javascript:.*)' }, /callbackUrl/],
    [{ ...valid, clientName: 'a'.repeat(101) }, /clientName: expected 1 to 100/],
  ] as const) {
    const answer = await register(body);
    assert.equal(answer.status, 400, JSON.stringify(body));
    assert.match(answer.json.error_description, field);
  }
});

test('401 without a user; 403 for a client of somebody else', async () => {
  for (const authorization of [null, basic('mary', 'wrong'), 'Bearer x']) {
    const answer = await register(valid, authorization);
    assert.deepEqual([answer.status, answer.json.error], [401, 'invalid_client']);
    assert.match(answer.headers.get('www-authenticate') ?? '', /^Basic /);
  }
  assert.equal((await register({ ...valid, owner: 'admin' })).status, 403);
});

test('200 for callback URLs that a browser goes to or an app has as its own', async () => {
  for (const callbackUrl of [
    '',
    'http://127.0.0.1:8080/cb?x=1',
    'com.example.app:/cb',
    'www.google.lk',
    `https://a/${'b'.repeat(1990)}`,
    'regexp=(https://a/cb|https://[a-z]+\\.example/cb)',
  ]) {
    const { status, json } = await register({ ...valid, clientName: 'a'.repeat(100), callbackUrl });
    assert.equal(status, 200, `${callbackUrl} ${json.error_description}`);
  }
});

test('the owner is a user: for an administrator any that there is, else the caller', async () => {
  const asAdmin = basic('admin', 'admin');
  for (const owner of ['mary', 'mary@carbon.super', 'PRIMARY/mary']) {
    for (const by of [asMary, asAdmin]) {
      assert.equal((await register({ ...valid, owner }, by)).json.appOwner, 'mary@carbon.super', owner);
    }
  }
  for (const owner of ['nobody', 'mary@other.com', 'LDAP/mary', 'x'.repeat(5000)]) {
    const answer = await register({ ...valid, owner }, asAdmin);
    assert.deepEqual([answer.status, answer.json.error], [400, 'invalid_client_metadata'], owner);
    assert.match(answer.json.error_description, /owner: expected a user of carbon.super/);
    assert.equal((await register({ ...valid, owner })).status, 403, owner);
  }
});

test('405 for another method', async () => {
  const answer = await fetch(server.url + path);
  assert.deepEqual([answer.status, answer.headers.get('allow')], [405, 'POST']);
});
