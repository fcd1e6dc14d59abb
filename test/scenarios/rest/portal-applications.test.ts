/** Applications, keys and subscriptions by the developer portal API; what they decide shows at the gateway at once. */
import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { type Backend, startBackend } from '../../support/backend.ts';
import { type Answer, basic, call, closeConnections, postForm } from '../../support/call.ts';
import { fillStore, resource } from '../../support/fill-store.ts';
import { newDataFolder, type Postern, startPostern } from '../../support/postern.ts';
import { logIn, type RestClient, restClient } from '../../support/rest.ts';
import { openTestStore } from '../../support/store.ts';

const data = newDataFolder();
const scopes = ['apim:subscribe', 'apim:app_manage', 'apim:sub_manage', 'apim:api_key'];
let backend: Backend;
let postern: Postern;
let portal: RestClient;
let base: string;
let apiId: string;
/** An API that takes API keys only. */
let keyed: string;

before(async () => {
  backend = await startBackend();
  await fillStore(data, async (fill) => {
    keyed = await fill.api('keyed', {
      endpoints: { production: { url: backend.url } },
      resources: [resource('GET', '/x')],
      security: { schemes: ['api_key'] },
    });
    apiId = await fill.api('shop', {
      endpoints: { production: { url: backend.url }, sandbox: { url: backend.url } },
      resources: [resource('GET', '/x')],
    });
  });
  postern = await startPostern({ data });
  // The first user is made at the start.
  await fillStore(data, (fill) => fill.user('mary', ['Internal/everyone', 'Internal/subscriber']));
  base = `${postern.server}/api/am/store/v1`;
  portal = restClient(base, await logIn(postern.server, { scopes }));
});
after(async () => {
  closeConnections();
  await postern?.stop();
  await backend.close();
  rmSync(data, { recursive: true, force: true });
});

const ask = (token: string): Promise<Answer> =>
  call(`${postern.http}/shop/1.0.0/x`, { headers: { authorization: `Bearer ${token}` }, fresh: true });

/** Milliseconds until the gateway answers so. */
async function becomes(token: string, status: number): Promise<number> {
  const from = performance.now();
  for (;;) {
    const answer = await ask(token);
    if (answer.status === status) return performance.now() - from;
    assert.ok(performance.now() - from < 5000, `expected ${status}, still ${answer.status} ${answer.body}`);
  }
}

const logInAs = (user: string): Promise<string> =>
  logIn(postern.server, { user, password: `password of ${user}`, scopes });

async function newApplication(name: string, more: Record<string, unknown> = {}): Promise<string> {
  const answer = await portal.post('/applications', { name, throttlingPolicy: 'Unlimited', ...more });
  assert.equal(answer.status, 201, answer.body);
  return answer.json().applicationId;
}

async function newKeys(application: string, more: Record<string, unknown> = {}) {
  const answer = await portal.post(`/applications/${application}/generate-keys`, {
    keyType: 'PRODUCTION',
    grantTypesToBeSupported: ['client_credentials', 'password', 'refresh_token'],
    ...more,
  });
  assert.equal(answer.status, 200, answer.body);
  return answer.json();
}

test('from a new application to a call of the API, and 403 within 100 ms after the subscription is deleted', async () => {
  const created = await portal.post('/applications', {
    name: 'walk',
    throttlingPolicy: '10PerMin',
    description: 'a walk',
    attributes: { cost: '12' },
  });
  assert.equal(created.status, 201, created.body);
  const application = created.json();
  assert.equal(created.headers.location, `${base}/applications/${application.applicationId}`);
  assert.deepEqual([application.owner, application.status, application.tokenType], ['admin', 'APPROVED', 'JWT']);
  const keys = await newKeys(application.applicationId);
  assert.ok((await ask(keys.token.accessToken)).status === 403, 'not subscribed yet');
  const subscribed = await portal.post('/subscriptions', {
    apiId,
    applicationId: application.applicationId,
    throttlingPolicy: 'Unlimited',
  });
  assert.equal(subscribed.status, 201, subscribed.body);
  await becomes(keys.token.accessToken, 200);
  const form = { grant_type: 'client_credentials' };
  const token = await postForm(`${postern.http}/token`, form, basic(keys.consumerKey, keys.consumerSecret));
  assert.equal((await ask(token.json().access_token)).status, 200);
  const { subscriptionId, apiInfo, applicationInfo } = subscribed.json();
  assert.deepEqual([apiInfo.name, applicationInfo.name], ['shop', 'walk']);
  assert.equal((await portal.delete(`/subscriptions/${subscriptionId}`)).status, 200);
  assert.ok((await becomes(keys.token.accessToken, 403)) < 100);
  assert.equal((await portal.get(`/subscriptions/${subscriptionId}`)).status, 404);
});

test('an application is listed, found by a part of its name, sorted, changed and deleted', async () => {
  const id = await newApplication('Sorting beta', { groups: ['team-a'] });
  await newApplication('Sorting alpha', { throttlingPolicy: '20PerMin' });
  const found = (await portal.get('/applications?query=sorting&sortBy=name&sortOrder=desc')).json();
  assert.deepEqual(
    found.list.map((one: { name: string }) => one.name),
    ['Sorting beta', 'Sorting alpha'],
  );
  assert.deepEqual([found.count, found.pagination.total], [2, 2]);
  const byTier = (await portal.get('/applications?query=sorting&sortBy=throttlingPolicy')).json();
  assert.equal(byTier.list[0].throttlingPolicy, '20PerMin');
  const page = (await portal.get('/applications?query=sorting&limit=1&offset=1')).json();
  assert.deepEqual([page.count, page.pagination.total, page.list[0].name], [1, 2, 'Sorting beta']);
  assert.equal((await portal.get('/applications?groupId=team-a')).json().count, 1);
  const changed = await portal.put(`/applications/${id}`, {
    name: 'Sorting gamma',
    throttlingPolicy: '50PerMin',
    tokenType: 'OAUTH',
  });
  assert.equal(changed.status, 200, changed.body);
  assert.deepEqual([changed.json().name, changed.json().tokenType], ['Sorting gamma', 'OAUTH']);
  assert.equal((await portal.delete(`/applications/${id}`)).status, 200);
  assert.equal((await portal.get(`/applications/${id}`)).status, 404);
});

test('409 for a second application of the name, also when several are asked for at once', async () => {
  const body = { name: 'only one', throttlingPolicy: 'Unlimited' };
  const answers = await Promise.all(Array.from({ length: 5 }, () => portal.post('/applications', body)));
  assert.deepEqual(answers.map((answer) => answer.status).sort(), [201, 409, 409, 409, 409]);
});

test('400 for an unknown tier or a name of spaces, and the message says which', async () => {
  const tier = await portal.post('/applications', { name: 'x', throttlingPolicy: 'Nope' });
  assert.deepEqual([tier.status, /Nope/.test(tier.json().description)], [400, true]);
  assert.equal((await portal.post('/applications', { name: '  ', throttlingPolicy: 'Unlimited' })).status, 400);
});

test('401 without a token, 403 without the scope, 404 for the application of somebody else', async () => {
  assert.equal((await restClient(base).get('/applications')).status, 401);
  const other = restClient(base, await logIn(postern.server, { scopes: ['openid'] }));
  assert.equal((await other.get('/applications')).status, 403);
  const id = await newApplication('not yours');
  const mary = restClient(base, await logInAs('mary'));
  assert.equal((await mary.get(`/applications/${id}`)).status, 404);
  assert.equal((await mary.delete(`/applications/${id}`)).status, 404);
  assert.equal((await mary.post(`/applications/${id}/generate-keys`, newKeyBody)).status, 404);
  assert.equal((await mary.get('/applications')).json().count, 0);
  const body = { apiId, applicationId: id, throttlingPolicy: 'Unlimited' };
  assert.equal((await mary.post('/subscriptions', body)).status, 404);
});

const newKeyBody = { keyType: 'PRODUCTION', grantTypesToBeSupported: ['client_credentials'] };

test('keys: one of each type, 409 for the second', async () => {
  const id = await newApplication('keys');
  const answers = await Promise.all([1, 2, 3].map(() => portal.post(`/applications/${id}/generate-keys`, newKeyBody)));
  assert.deepEqual(answers.map((answer) => answer.status).sort(), [200, 409, 409]);
  await newKeys(id, { keyType: 'SANDBOX' });
  const keys = (await portal.get(`/applications/${id}/keys`)).json();
  assert.deepEqual(keys.list.map((key: { keyType: string }) => key.keyType).sort(), ['PRODUCTION', 'SANDBOX']);
  const sandbox = (await portal.get(`/applications/${id}/keys/SANDBOX`)).json();
  const byId = await portal.get(`/applications/${id}/oauth-keys/${sandbox.keyMappingId}`);
  assert.equal(byId.json().consumerKey, sandbox.consumerKey);
  assert.equal((await portal.get(`/applications/${id}/keys/OTHER`)).status, 400);
});

test('400 for unknown grant types, and for authorization_code without a callback URL', async () => {
  const id = await newApplication('grants');
  const ask = (grants: string[], more = {}) =>
    portal.post(`/applications/${id}/generate-keys`, { ...newKeyBody, grantTypesToBeSupported: grants, ...more });
  const unknown = await ask(['magic']);
  assert.deepEqual([unknown.status, /magic/.test(unknown.json().description)], [400, true]);
  assert.equal((await ask(['authorization_code'])).status, 400);
  assert.equal((await ask(['authorization_code'], { callbackUrl: 'javascript:alert(1)' })).status, 400);
  assert.equal((await ask(['authorization_code'], { callbackUrl: 'https://app.example/back' })).status, 200);
});

test('the grant types of a key are changed: 400 unauthorized_client for what it may not use any more', async () => {
  const id = await newApplication('change grants');
  const { consumerKey, consumerSecret } = await newKeys(id);
  const changed = await portal.put(`/applications/${id}/keys/PRODUCTION`, { supportedGrantTypes: ['password'] });
  assert.deepEqual([changed.status, changed.json().supportedGrantTypes], [200, ['password']]);
  const answer = await postForm(
    `${postern.http}/token`,
    { grant_type: 'client_credentials' },
    basic(consumerKey, consumerSecret),
  );
  assert.deepEqual([answer.status, answer.json().error], [400, 'unauthorized_client']);
});

test('a new secret: 401 for the old one at once', async () => {
  const id = await newApplication('secrets');
  const { consumerKey, consumerSecret } = await newKeys(id);
  const form = { grant_type: 'client_credentials' };
  const tryWith = async (secret: string) =>
    (await postForm(`${postern.http}/token`, form, basic(consumerKey, secret))).status;
  assert.equal(await tryWith(consumerSecret), 200);
  const renewed = await portal.post(`/applications/${id}/keys/PRODUCTION/regenerate-secret`);
  assert.equal(renewed.status, 200, renewed.body);
  assert.equal(await tryWith(consumerSecret), 401);
  assert.equal(await tryWith(renewed.json().consumerSecret), 200);
});

test('generate-token gives a token for the validity and scopes asked for; the one before is revoked', async () => {
  const id = await newApplication('tokens');
  await newKeys(id);
  await portal.post('/subscriptions', { apiId, applicationId: id, throttlingPolicy: 'Unlimited' });
  const path = `/applications/${id}/keys/PRODUCTION/generate-token`;
  const first = (await portal.post(path, { validityPeriod: 100, scopes: ['device_1'] })).json();
  assert.ok(first.validityTime <= 100 && first.validityTime > 95);
  assert.ok(first.tokenScopes.includes('device_1'));
  await becomes(first.accessToken, 200);
  const second = (await portal.post(path, { revokeToken: first.accessToken })).json();
  assert.ok((await becomes(first.accessToken, 401)) < 200);
  assert.equal((await ask(second.accessToken)).status, 200);
});

test('the validity that a key was made with is that of its tokens', async () => {
  const id = await newApplication('validity');
  const { consumerKey, consumerSecret, additionalProperties } = await newKeys(id, {
    additionalProperties: { application_access_token_expiry_time: '120', user_access_token_expiry_time: 'N/A' },
  });
  assert.deepEqual(additionalProperties, { application_access_token_expiry_time: '120' });
  const credentials = basic(consumerKey, consumerSecret);
  const app = await postForm(`${postern.http}/token`, { grant_type: 'client_credentials' }, credentials);
  const own = app.json().expires_in;
  assert.ok(own >= 118 && own <= 120, String(own));
  const form = { grant_type: 'password', username: 'admin', password: 'admin' };
  const usual = (await postForm(`${postern.http}/token`, form, credentials)).json().expires_in;
  // A second may have passed since it was issued.
  assert.ok(usual >= 3598 && usual <= 3600, String(usual));
});

test('a client that registered itself becomes the key of an application; 409 for mapping it again', async () => {
  const id = await newApplication('mapping');
  const registered = await call(`${postern.server}/client-registration/v0.17/register`, {
    method: 'POST',
    headers: { authorization: basic('admin', 'admin'), 'content-type': 'application/json' },
    body: JSON.stringify({ clientName: 'mapped', owner: 'admin', grantType: 'client_credentials', saasApp: true }),
  });
  const { clientId: consumerKey, clientSecret: consumerSecret } = registered.json();
  await portal.post('/subscriptions', { apiId, applicationId: id, throttlingPolicy: 'Unlimited' });
  const map = (more = {}) =>
    portal.post(`/applications/${id}/map-keys`, { consumerKey, consumerSecret, keyType: 'PRODUCTION', ...more });
  assert.equal((await map({ consumerSecret: 'wrong' })).status, 400);
  const mapped = await map();
  assert.deepEqual([mapped.status, mapped.json().consumerKey], [200, consumerKey], mapped.body);
  assert.equal((await map({ keyType: 'SANDBOX' })).status, 409);
  const form = { grant_type: 'client_credentials' };
  const token = await postForm(`${postern.http}/token`, form, basic(consumerKey, consumerSecret));
  await becomes(token.json().access_token, 200);
});

test('deleting an application: its tokens are refused at once, its key gets none any more', async () => {
  const id = await newApplication('to be deleted');
  const { consumerKey, consumerSecret, token } = await newKeys(id);
  await portal.post('/subscriptions', { apiId, applicationId: id, throttlingPolicy: 'Unlimited' });
  await becomes(token.accessToken, 200);
  assert.equal((await portal.delete(`/applications/${id}`)).status, 200);
  assert.ok((await becomes(token.accessToken, 401)) < 200);
  const form = { grant_type: 'client_credentials' };
  assert.equal((await postForm(`${postern.http}/token`, form, basic(consumerKey, consumerSecret))).status, 401);
});

test('clean-up deletes a key: its tokens are refused, and another one can be made', async () => {
  const id = await newApplication('clean up');
  const { token } = await newKeys(id);
  await portal.post('/subscriptions', { apiId, applicationId: id, throttlingPolicy: 'Unlimited' });
  await becomes(token.accessToken, 200);
  assert.equal((await portal.post(`/applications/${id}/keys/PRODUCTION/clean-up`)).status, 200);
  assert.ok((await becomes(token.accessToken, 401)) < 200);
  await newKeys(id);
});

test('subscriptions: 409 for the second, 400 for a tier that the API has not, a list by API and by application', async () => {
  const id = await newApplication('subscriptions');
  const body = { apiId, applicationId: id, throttlingPolicy: 'Unlimited' };
  const wrong = await portal.post('/subscriptions', { ...body, throttlingPolicy: 'Gold' });
  assert.deepEqual([wrong.status, /Unlimited/.test(wrong.json().description)], [400, true]);
  assert.equal((await portal.post('/subscriptions', { ...body, apiId: 'none' })).status, 404);
  const several = await Promise.all([1, 2, 3].map(() => portal.post('/subscriptions', body)));
  assert.deepEqual(several.map((answer) => answer.status).sort(), [201, 409, 409]);
  const byApplication = (await portal.get(`/subscriptions?applicationId=${id}`)).json();
  assert.deepEqual([byApplication.count, byApplication.list[0].apiInfo.name], [1, 'shop']);
  assert.ok((await portal.get(`/subscriptions?apiId=${apiId}`)).json().count > 0);
  const { subscriptionId } = byApplication.list[0];
  assert.equal(
    (await portal.put(`/subscriptions/${subscriptionId}`, { ...body, throttlingPolicy: 'Gold' })).status,
    400,
  );
  const other = await newApplication('subscriptions of another');
  const many = await portal.post('/subscriptions/multiple', [
    { ...body, applicationId: other },
    { ...body, applicationId: other },
  ]);
  assert.equal(many.status, 409);
  assert.equal((await portal.get(`/subscriptions?applicationId=${other}`)).json().count, 0, 'all or none');
  assert.equal((await portal.post('/subscriptions/multiple', [{ ...body, applicationId: other }])).status, 200);
});

test('an API key is a JWT of its own kind: no access token, and revoked by itself', async () => {
  const id = await newApplication('api keys');
  await portal.post('/subscriptions', { apiId, applicationId: id, throttlingPolicy: 'Unlimited' });
  const path = `/applications/${id}/api-keys/PRODUCTION`;
  const made = await portal.post(`${path}/generate`, {
    validityPeriod: 600,
    additionalProperties: { permittedIP: '127.0.0.0/8, ::1' },
  });
  assert.equal(made.status, 200, made.body);
  const { apikey, validityTime } = made.json();
  const [head, claims] = apikey
    .split('.')
    .slice(0, 2)
    .map((part: string) => JSON.parse(Buffer.from(part, 'base64url').toString()));
  assert.equal(head.typ, 'apikey+jwt');
  assert.equal(claims.iss, `${postern.server}/api-keys`);
  assert.equal(claims.aud, 'http://org.wso2.apimgt/gateway/api-key');
  assert.deepEqual([claims.exp - claims.iat, validityTime], [600, 600]);
  assert.deepEqual(
    [claims.application.name, claims.keytype, claims.permittedIP],
    ['api keys', 'PRODUCTION', '127.0.0.0/8,::1'],
  );
  assert.equal(claims.subscribedAPIs[0].name, 'shop');
  assert.equal((await ask(apikey)).status, 401);
  const introspected = await postForm(
    `${postern.server}/oauth2/introspect`,
    { token: apikey },
    basic('admin', 'admin'),
  );
  assert.equal(introspected.json().active, false);
  assert.equal((await portal.post(`${path}/revoke`, { apikey: `${apikey}x` })).status, 400);
  const elsewhere = `/applications/${await newApplication('no api keys')}/api-keys/PRODUCTION/revoke`;
  assert.equal((await portal.post(elsewhere, { apikey })).status, 400);
  assert.equal((await portal.post(`${path}/revoke`, { apikey })).status, 200);
  assert.equal(
    (await portal.post(`${path}/generate`, { additionalProperties: { permittedIP: '10.0.0.0/33' } })).status,
    400,
  );
});

test('an API key calls an API that takes API keys, until it or its application is gone', async () => {
  const ask = async (apikey: string): Promise<number> =>
    (await call(`${postern.http}/keyed/1.0.0/x`, { headers: { apikey }, fresh: true })).status;
  const until = async (apikey: string, status: number): Promise<number> => {
    const from = performance.now();
    for (;;) {
      const found = await ask(apikey);
      if (found === status) return performance.now() - from;
      assert.ok(performance.now() - from < 5000, `expected ${status}, still ${found}`);
    }
  };
  const id = await newApplication('keyed');
  const path = `/applications/${id}/api-keys/PRODUCTION`;
  const make = async (body = {}): Promise<string> => (await portal.post(`${path}/generate`, body)).json().apikey;
  const early = await make();
  await until(early, 403);
  await portal.post('/subscriptions', { apiId: keyed, applicationId: id, throttlingPolicy: 'Unlimited' });
  await until(early, 200);
  const other = await make();
  assert.equal(await ask(other), 200);
  assert.notEqual(await ask(await make({ additionalProperties: { permittedIP: '10.0.0.0/8' } })), 200);
  assert.equal((await portal.post(`${path}/revoke`, { apikey: early })).status, 200);
  assert.ok((await until(early, 401)) < 200);
  assert.equal(await ask(other), 200);
  assert.equal((await portal.delete(`/applications/${id}`)).status, 200);
  assert.ok((await until(other, 401)) < 200);
});

test("another owner: the old tokens and the old secret are refused, new ones are the new owner's alone", async () => {
  const id = await newApplication('moves');
  const { consumerKey, consumerSecret, token } = await newKeys(id);
  await portal.post('/subscriptions', { apiId, applicationId: id, throttlingPolicy: 'Unlimited' });
  await becomes(token.accessToken, 200);
  const admin = restClient(
    `${postern.server}/api/am/admin/v1`,
    await logIn(postern.server, { scopes: ['apim:app_owner_change', 'apim:admin'] }),
  );
  const moved = await admin.post(`/applications/${id}/change-owner?owner=mary`);
  assert.equal(moved.status, 200, moved.body);
  assert.ok((await becomes(token.accessToken, 401)) < 200);
  assert.equal((await portal.get(`/applications/${id}`)).status, 404);
  const mary = restClient(base, await logInAs('mary'));
  assert.equal((await mary.get(`/applications/${id}`)).json().owner, 'mary');
  const form = { grant_type: 'client_credentials' };
  const refused = await postForm(`${postern.http}/token`, form, basic(consumerKey, consumerSecret));
  assert.equal(refused.status, 401, refused.body);
  const renewed = (await mary.get(`/applications/${id}/keys/PRODUCTION`)).json().consumerSecret;
  assert.notEqual(renewed, consumerSecret);
  const answer = await postForm(`${postern.http}/token`, form, basic(consumerKey, renewed));
  const claims = JSON.parse(Buffer.from(answer.json().access_token.split('.')[1], 'base64url').toString());
  assert.deepEqual([claims.sub, claims.application.owner], ['mary@carbon.super', 'mary@carbon.super']);
  assert.equal((await ask(answer.json().access_token)).status, 200);
});

test('403 for an application that is shut out, also under a new name; 200 when the rule is gone', async () => {
  const id = await newApplication('shut out');
  const { token } = await newKeys(id);
  await portal.post('/subscriptions', { apiId, applicationId: id, throttlingPolicy: 'Unlimited' });
  await becomes(token.accessToken, 200);
  const scopes = ['apim:bl_manage', 'apim:bl_view', 'apim:admin'];
  const admin = restClient(`${postern.server}/api/am/admin/v1`, await logIn(postern.server, { scopes }));
  const rule = { conditionType: 'APPLICATION', conditionValue: 'admin:shut out' };
  const { conditionId } = (await admin.post('/throttling/blacklist', rule)).json();
  await becomes(token.accessToken, 403);
  const renamed = await portal.put(`/applications/${id}`, { name: 'somebody else', throttlingPolicy: 'Unlimited' });
  assert.equal(renamed.status, 200, renamed.body);
  const moved = await admin.get(`/throttling/blacklist/${conditionId}`);
  assert.equal(moved.json().conditionValue, 'admin@carbon.super:somebody else');
  assert.equal(await ask(token.accessToken).then(({ status }) => status), 403);
  assert.equal((await admin.delete(`/throttling/blacklist/${conditionId}`)).status, 200);
  await becomes(token.accessToken, 200);
});

test('the audit log has what was done, from what to what, and no secrets', async () => {
  const id = await newApplication('audited');
  await portal.put(`/applications/${id}`, { name: 'audited', throttlingPolicy: '10PerMin' });
  const { consumerSecret } = await newKeys(id);
  await portal.delete(`/applications/${id}`);
  const store = await openTestStore(data);
  const rows = await store.db
    .selectFrom('audit_log')
    .selectAll()
    .where('entity_id', '=', id)
    .orderBy('number')
    .execute();
  await store.close();
  assert.deepEqual(
    rows.map(({ action, actor }) => [action, actor]),
    ['create', 'update', 'generate-key', 'delete'].map((action) => [action, 'admin@carbon.super']),
  );
  assert.match(String(rows[1]?.before), /"tier":"Unlimited"/);
  assert.match(String(rows[1]?.after), /"tier":"10PerMin"/);
  assert.ok(!JSON.stringify(rows).includes(consumerSecret));
});
