/** What administrators do by REST besides limits: users, key managers, labels, categories, applications, the audit log. */
import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { SignJWT } from 'jose';
import { generateKey, issueCertificate } from '../../../src/platform/x509.ts';
import { type Backend, startBackend } from '../../support/backend.ts';
import { type Answer, basic, call, closeConnections, postForm } from '../../support/call.ts';
import { fillStore } from '../../support/fill-store.ts';
import { newDataFolder, type Postern, startPostern } from '../../support/postern.ts';
import { logIn, type RestClient, restClient } from '../../support/rest.ts';
import { storedText } from '../../support/store.ts';

const data = newDataFolder();
let backend: Backend;
let postern: Postern;
let base: string;
let admin: RestClient;
let apps: Record<string, { id: string; key: string; secret: string }>;

before(async () => {
  backend = await startBackend();
  apps = await fillStore(data, async (fill) => {
    const echo = await fill.api('echo', { endpoints: { production: { url: backend.url } } });
    await fill.api('keyed', {
      endpoints: { production: { url: backend.url } },
      security: { schemes: ['oauth2', 'api_key'] },
    });
    return { app: await fill.application('app', { subscribe: [echo] }) };
  });
  postern = await startPostern({ data });
  base = `${postern.server}/api/am/admin/v1`;
  const scopes = ['apim:admin', 'apim:api_workflow_view'];
  admin = restClient(base, await logIn(postern.server, { scopes }));
});
after(async () => {
  closeConnections();
  await postern?.stop();
  await backend.close();
  rmSync(data, { recursive: true, force: true });
});

const ok = (answer: Answer, status = 200): Answer => {
  assert.equal(answer.status, status, answer.body);
  return answer;
};
const invoke = (token: string): Promise<Answer> =>
  call(`${postern.http}/echo/1.0.0/x`, { headers: { authorization: `Bearer ${token}` } });
const tokenFor = async (form: Record<string, string>): Promise<Answer> => {
  const { key, secret } = apps.app as { key: string; secret: string };
  return postForm(`${postern.http}/token`, form, basic(key, secret));
};

/** Asks until the answer has this status: a change is on its way, but takes milliseconds only. */
async function within(ms: number, ask: () => Promise<Answer>, status: number): Promise<Answer> {
  const began = performance.now();
  for (;;) {
    const answer = await ask();
    if (answer.status === status) return answer;
    assert.ok(performance.now() - began < ms, `${status} within ${ms} ms, but it is ${answer.status} ${answer.body}`);
  }
}

const audited = async (kind: string, id?: string) =>
  (await admin.get(`/audit-log?kind=${kind}${id === undefined ? '' : `&id=${encodeURIComponent(id)}`}`)).json().list;

test('a user is made, listed, given other roles and deleted; the audit log has it all, and no password', async () => {
  const user = { name: 'maria', password: 'long enough', roles: ['Internal/creator', 'architect'] };
  const created = ok(await admin.post('/users', user), 201);
  assert.equal(created.headers.location, `${base}/users/maria`);
  const roles = ['Internal/creator', 'Internal/everyone', 'architect'];
  assert.deepEqual(created.json(), { name: 'maria', tenant: 'carbon.super', roles });
  ok(await admin.post('/users', user), 409);
  assert.deepEqual((await admin.get('/users?name=MAR')).json().list, [created.json()]);
  assert.deepEqual((await admin.get('/users?role=architect&limit=1')).json().pagination.total, 1);
  const listed = (await admin.get('/roles')).json().list;
  assert.deepEqual(
    listed.find((role: { name: string }) => role.name === 'architect'),
    {
      name: 'architect',
      builtIn: false,
      users: 1,
    },
  );
  assert.ok(listed.some((role: { name: string }) => role.name === 'Internal/devops'));

  ok(await admin.put('/users/maria', { roles: ['Internal/publisher'] }));
  assert.deepEqual((await admin.get('/users/maria')).json().roles, ['Internal/everyone', 'Internal/publisher']);
  ok(await admin.delete('/users/maria'));
  ok(await admin.get('/users/maria'), 404);
  ok(await admin.delete('/users/maria'), 404);

  const entries = await audited('user', 'maria@carbon.super');
  assert.deepEqual(
    entries.map((entry: { action: string }) => entry.action),
    ['delete', 'update', 'create'],
  );
  assert.deepEqual(entries[1].before, { roles });
  assert.deepEqual(entries[1].after, { roles: ['Internal/everyone', 'Internal/publisher'] });
  assert.equal(entries[1].actor, 'admin@carbon.super');
  assert.doesNotMatch(JSON.stringify(entries), /long enough/);
});

test('400 for a user that can not be, with what is wrong', async () => {
  for (const [user, why] of [
    [{ name: 'x', password: 'long enough' }, /3 to 30/],
    [{ name: 'valid', password: 'abc' }, /5 to 128/],
    [{ name: 'valid', password: 'long enough', roles: ['Internal/king'] }, /Internal\/king/],
    [{ name: 'valid', password: 'long enough', roles: ['a b'] }, /"a b"/],
    [{ name: 'valid', password: 'long enough', rolls: ['admin'] }, /unknown field "rolls"/],
  ] as const) {
    assert.match(ok(await admin.post('/users', user), 400).json().description, why);
  }
});

test('401 at the gateway after a reset password, taken roles, revoked tokens or the deletion of a user', async () => {
  for (const [change, dies] of [
    [() => admin.put('/users/ivan', { roles: ['Internal/subscriber', 'Internal/creator', 'more'] }), false],
    [() => admin.put('/users/ivan', { roles: ['Internal/subscriber'] }), true],
    [() => admin.post('/users/ivan/revoke-tokens'), true],
    [() => admin.post('/users/ivan/reset-password', { password: 'another one' }), true],
    [() => admin.delete('/users/ivan'), true],
  ] as const) {
    const user = { name: 'ivan', password: 'long enough', roles: ['Internal/subscriber', 'Internal/creator'] };
    ok(await admin.post('/users', user), 201);
    const form = { grant_type: 'password', username: 'ivan', password: 'long enough' };
    const token = ok(await within(1500, () => tokenFor(form), 200)).json().access_token;
    ok(await invoke(token));
    ok(await change());
    if (dies) await within(200, () => invoke(token), 401);
    else ok(await invoke(token));
    await admin.delete('/users/ivan');
    await admin.get('/users/ivan');
  }
});

test('401 for the API keys that a user made, when he is deleted', async () => {
  const user = { name: 'keymaker', password: 'long enough', roles: ['Internal/subscriber'] };
  ok(await admin.post('/users', user), 201);
  const scopes = ['apim:subscribe', 'apim:app_manage', 'apim:sub_manage', 'apim:api_key'];
  const asked = { user: user.name, password: user.password, scopes };
  const portal = restClient(`${postern.server}/api/am/store/v1`, await logIn(postern.server, asked));
  const application = { name: 'keys', throttlingPolicy: 'Unlimited', description: '', tokenType: 'JWT' };
  const { applicationId } = ok(await portal.post('/applications', application), 201).json();
  const { list } = ok(await portal.get('/apis?query=name:keyed')).json();
  const subscription = { applicationId, apiId: list[0].id, throttlingPolicy: 'Unlimited' };
  ok(await portal.post('/subscriptions', subscription), 201);
  const path = `/applications/${applicationId}/api-keys/PRODUCTION/generate`;
  const { apikey } = ok(await portal.post(path, { validityPeriod: -1 })).json();
  const ask = (): Promise<Answer> => call(`${postern.http}/keyed/1.0.0/x`, { headers: { apikey } });
  await within(500, ask, 200);
  ok(await admin.delete('/users/keymaker'));
  await within(500, ask, 401);
});

test('409 when the last admin would go, also when two go at once', async () => {
  ok(await admin.delete('/users/admin'), 409);
  ok(await admin.put('/users/admin', { roles: ['Internal/creator'] }), 409);
  ok(await admin.post('/users', { name: 'second', password: 'long enough', roles: ['admin'] }), 201);
  const second = restClient(
    base,
    await logIn(postern.server, { user: 'second', password: 'long enough', scopes: ['apim:admin'] }),
  );
  ok(await second.put('/users/second', { roles: ['admin'] }));
  const both = await Promise.all([
    admin.put('/users/admin', { roles: ['Internal/creator'] }),
    second.put('/users/second', { roles: ['Internal/creator'] }),
  ]);
  assert.deepEqual(both.map(({ status }) => status).toSorted(), [200, 409]);
  // Whoever is left makes the other one what he was.
  const [left, lost] = both[0]?.status === 409 ? [admin, 'second'] : [second, 'admin'];
  ok(await left.put(`/users/${lost}`, { roles: ['admin'] }));
  if (lost === 'admin') admin = restClient(base, basic('admin', 'admin'));
  ok(await admin.delete('/users/second'));
  ok(await second.get('/users'), 401);
});

test('401 without token, 403 with a scope or role too few', async () => {
  ok(await restClient(base).get('/users'), 401);
  ok(await admin.post('/users', { name: 'creator', password: 'long enough', roles: ['Internal/creator'] }), 201);
  const asked = { user: 'creator', password: 'long enough', scopes: ['apim:admin', 'apim:api_view'] };
  const creator = restClient(base, await logIn(postern.server, asked));
  for (const path of ['/users', '/audit-log', '/key-managers', '/throttling/blacklist', '/applications']) {
    ok(await creator.get(path), 403);
  }
  const operator = restClient(base, await logIn(postern.server, { scopes: ['apim:admin_operations'] }));
  ok(await operator.get('/users'));
  ok(await operator.get('/audit-log'), 403);
});

test('tokens of another key manager are believed while it is enabled, and only then', async () => {
  const { publicKey, privateKey } = generateKey();
  const subject = { commonName: 'elsewhere', organization: 'Elsewhere' };
  const year = 365 * 86_400_000;
  const pem = await issueCertificate({
    subject,
    publicKey,
    issuer: subject,
    issuerKey: { privateKey, publicKey },
    notBefore: new Date(Date.now() - year),
    notAfter: new Date(Date.now() + year),
    purpose: 'client',
  });
  const issuer = 'https://elsewhere.example/oauth2';
  const token = await new SignJWT({ azp: 'their-key', scp: 'a b' })
    .setProtectedHeader({ alg: 'ES256' })
    .setIssuer(issuer)
    .setSubject('them')
    .setIssuedAt()
    .setExpirationTime('1h')
    .sign(privateKey);
  const given = {
    name: 'Elsewhere',
    type: 'custom',
    issuer,
    certificates: { type: 'PEM', value: Buffer.from(pem).toString('base64') },
    consumerKeyClaim: 'azp',
    scopesClaim: 'scp',
    enabled: true,
    additionalProperties: {
      client_id: 'us',
      client_secret: 'hidden thing',
      apiKey: 'hidden too',
      passphrase: 'hidden as well',
    },
  };
  assert.equal(ok(await invoke(token), 401).json().fault.code, 900901);
  const created = ok(await admin.post('/key-managers', given), 201).json();
  assert.deepEqual(created.additionalProperties, {
    client_id: 'us',
    client_secret: '*****',
    apiKey: '*****',
    passphrase: '*****',
  });
  assert.doesNotMatch(await storedText(postern.data), /hidden (thing|too|as well)/);
  // It is believed, but its consumer key belongs to no application.
  assert.equal((await within(2000, () => invoke(token), 403)).json().fault.code, 900908);
  const path = `/key-managers/${created.id}`;
  ok(await admin.put(path, { ...created, description: 'Theirs.' }));
  assert.equal(ok(await admin.get(path)).json().description, 'Theirs.');
  ok(await admin.put(path, { ...created, enabled: false }));
  await within(500, () => invoke(token), 401);
  ok(await admin.put(path, { ...created, enabled: true }));
  await within(2000, () => invoke(token), 403);
  ok(await admin.post('/key-managers', { ...given, name: 'Again' }), 409);
  ok(await admin.post('/key-managers', { ...given, issuer: 'https://other.example' }), 409);
  ok(await admin.delete(path));
  await within(500, () => invoke(token), 401);
  ok(await admin.get(path), 404);
  const entries = await audited('key-manager', created.id);
  assert.equal(entries.length, 5);
  assert.doesNotMatch(JSON.stringify(entries), /hidden (thing|too|as well)/);
});

test('the resident key manager is always there; 400 and 409 for key managers that can not be', async () => {
  const { list } = ok(await admin.get('/key-managers')).json();
  assert.equal(list[0].name, 'Resident Key Manager');
  const resident = ok(await admin.get(`/key-managers/${encodeURIComponent(list[0].id)}`)).json();
  ok(await admin.delete(`/key-managers/${encodeURIComponent(list[0].id)}`), 409);
  ok(await admin.put(`/key-managers/${encodeURIComponent(list[0].id)}`, resident), 409);
  const given = { name: 'Bad', type: 'custom', issuer: 'https://bad.example', enabled: true };
  const jwks = { type: 'JWKS', value: 'https://bad.example/jwks' };
  for (const [more, status, why] of [
    [{}, 400, /certificates/],
    [{ certificates: { type: 'JWKS', value: 'nowhere' } }, 400, /URL/],
    [{ certificates: { type: 'PEM', value: 'nonsense' } }, 400, /PEM/],
    [{ certificates: jwks, issuer: '' }, 400, /issuer/],
    [{ certificates: jwks, enableSelfValidationJWT: false }, 400, /not built/],
    [{ certificates: jwks, additionalProperties: { password: '*****' } }, 400, /there is none/],
    [{ certificates: jwks, issuer: resident.issuer }, 409, /own/],
    [{ certificates: jwks, issuer: `${resident.issuer}/` }, 409, /own/],
    [{ certificates: jwks, issuer: ` ${resident.issuer} ` }, 409, /own/],
    [{ certificates: jwks, issuer: resident.issuer.toUpperCase() }, 409, /own/],
    [{ certificates: jwks, name: 'Resident Key Manager' }, 409, /already/],
  ] as const) {
    assert.match(ok(await admin.post('/key-managers', { ...given, ...more }), status).json().description, why);
  }
  // What is switched off may be incomplete.
  const draft = ok(await admin.post('/key-managers', { name: 'Draft', type: 'custom', enabled: false }), 201).json();
  ok(await admin.delete(`/key-managers/${draft.id}`));
});

test('labels and categories are made, changed and deleted; 409 for a name that is taken', async () => {
  for (const [path, kind, body] of [
    ['/labels', 'label', { name: 'edge', description: 'At the edge.', accessUrls: ['https://edge.example'] }],
    ['/api-categories', 'category', { name: 'Finance', description: 'Money.' }],
  ] as const) {
    const created = ok(await admin.post(path, body), 201).json();
    ok(await admin.post(path, body), 409);
    ok(await admin.post(path, { ...body, name: '' }), 400);
    const changed = ok(await admin.put(`${path}/${created.id}`, { ...created, name: 'Other' })).json();
    assert.equal(changed.name, 'Other');
    const { list } = ok(await admin.get(path)).json();
    assert.deepEqual(list, [changed]);
    ok(await admin.delete(`${path}/${created.id}`));
    ok(await admin.delete(`${path}/${created.id}`), 404);
    const entries = await audited(kind, created.id);
    assert.deepEqual([entries[1].before.name, entries[1].after.name], [body.name, 'Other']);
  }
  ok(await admin.post('/labels', { name: 'bad', accessUrls: ['nowhere'] }), 400);
});

test('409 for a label or category that an API carries, naming it', async () => {
  const scopes = ['apim:api_create', 'apim:api_delete', 'apim:api_view'];
  const publisher = restClient(`${postern.server}/api/am/publisher/v1`, await logIn(postern.server, { scopes }));
  const label = ok(await admin.post('/labels', { name: 'inner' }), 201).json();
  const category = ok(await admin.post('/api-categories', { name: 'Travel' }), 201).json();
  const api = { name: 'Trips', context: '/trips', version: '1.0.0', labels: ['inner'], categories: ['Travel'] };
  const { id } = ok(await publisher.post('/apis', api), 201).json();
  assert.equal(ok(await admin.get('/api-categories')).json().list[0].numberOfAPIs, 1);
  for (const path of [`/labels/${label.id}`, `/api-categories/${category.id}`]) {
    assert.match(ok(await admin.delete(path), 409).json().description, /Trips 1\.0\.0/);
    ok(await admin.put(path, { name: 'Renamed' }), 409);
  }
  ok(await publisher.delete(`/apis/${id}`));
  ok(await admin.delete(`/labels/${label.id}`));
  ok(await admin.delete(`/api-categories/${category.id}`));
});

test('an application gets another owner; what was issued for the old one is revoked', async () => {
  const { id } = apps.app as { id: string };
  const token = ok(await tokenFor({ grant_type: 'client_credentials' })).json().access_token;
  ok(await invoke(token));
  assert.ok(
    ok(await admin.get('/applications'))
      .json()
      .list.some((one: { name: string }) => one.name === 'app'),
  );
  const path = `/applications/${id}/change-owner`;
  ok(await admin.post(`${path}?owner=nobody`), 400);
  ok(await admin.post('/applications/unknown/change-owner?owner=admin'), 404);
  ok(await admin.post('/users', { name: 'owner', password: 'long enough', roles: ['Internal/subscriber'] }), 201);
  ok(await admin.post(`${path}?owner=owner`));
  await within(200, () => invoke(token), 401);
  const { list } = ok(await admin.get('/applications?user=owner')).json();
  assert.deepEqual(list, [{ applicationId: id, name: 'app', owner: 'owner', status: 'APPROVED', groupId: '' }]);
  // The secret that the old one knows is none any more.
  ok(await tokenFor({ grant_type: 'client_credentials' }), 401);
  const [entry] = await audited('application', id);
  assert.deepEqual([entry.before.owner, entry.after.owner], ['admin@carbon.super', 'owner@carbon.super']);
  ok(await admin.get('/applications?user=nobody'), 404);
});

test('settings, scopes and tenants are told; nothing waits for approval', async () => {
  const settings = ok(await admin.get('/settings')).json();
  assert.ok(settings.scopes.includes('apim:tier_manage'));
  const { list } = ok(await admin.get('/system-scopes')).json();
  const scope = list.find((one: { name: string }) => one.name === 'apim:api_publish');
  assert.deepEqual([scope.tag, scope.roles], ['publisher', ['admin', 'Internal/publisher']]);
  const encoded = Buffer.from('apim:api_publish').toString('base64url');
  assert.deepEqual(ok(await admin.get(`/system-scopes/${encoded}`)).json(), { name: 'apim:api_publish' });
  ok(await admin.get(`/system-scopes/${encoded}?username=owner`), 404);
  ok(await admin.get('/system-scopes/nonsense'), 404);
  const tenant = ok(await admin.get('/tenant-info/admin')).json();
  assert.deepEqual(tenant, { username: 'admin', tenantDomain: 'carbon.super', tenantId: -1234 });
  assert.equal(ok(await admin.get('/custom-urls/carbon.super')).json().enabled, false);
  assert.deepEqual(ok(await admin.get('/workflows?workflowType=USER_SIGNUP')).json().list, []);
  ok(await admin.get('/workflows/unknown'), 404);
  const decision = { status: 'APPROVED' };
  ok(await admin.post('/workflows/update-workflow-status?workflowReferenceId=unknown', decision), 404);
});

test('the audit log is read in pages, by actor, kind and id', async () => {
  const all = ok(await admin.get('/audit-log?actor=admin&limit=2')).json();
  assert.equal(all.count, 2);
  assert.ok(all.pagination.total > 10);
  assert.match(all.pagination.next, /offset=2/);
  assert.ok(all.list[0].number > all.list[1].number);
  assert.equal(ok(await admin.get('/audit-log?actor=nobody')).json().pagination.total, 0);
});
