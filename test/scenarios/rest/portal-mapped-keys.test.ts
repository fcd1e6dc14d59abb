/** A consumer key that another key manager issued calls APIs by the subscriptions of the application that it is mapped to. */
import assert from 'node:assert/strict';
import { createPrivateKey } from 'node:crypto';
import { rmSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { SignJWT } from 'jose';
import { writeZip } from '../../../src/platform/zip.ts';
import { issue } from '../../../src/wire/contract/certificates.ts';
import { type Backend, startBackend } from '../../support/backend.ts';
import { call, closeConnections } from '../../support/call.ts';
import { fillStore, resource } from '../../support/fill-store.ts';
import { newDataFolder, type Postern, startPostern } from '../../support/postern.ts';
import { logIn, type RestClient, restClient } from '../../support/rest.ts';

const data = newDataFolder();
const issuer = 'https://elsewhere.example/oauth2';
const foreignKey = 'key-of-elsewhere';
const { cert, key } = await issue('server', 'elsewhere.example');
let backend: Backend;
let postern: Postern;
let portal: RestClient;
let admin: RestClient;
let apiId: string;
let keyManagerId: string;

before(async () => {
  backend = await startBackend();
  await fillStore(data, async (fill) => {
    apiId = await fill.api('shop', {
      endpoints: { production: { url: backend.url }, sandbox: { url: backend.url } },
      resources: [resource('GET', '/x')],
    });
  });
  postern = await startPostern({ data });
  const scopes = ['apim:subscribe', 'apim:app_manage', 'apim:sub_manage'];
  portal = restClient(`${postern.server}/api/am/store/v1`, await logIn(postern.server, { scopes }));
  admin = restClient(
    `${postern.server}/api/am/admin/v1`,
    await logIn(postern.server, { scopes: ['apim:admin', 'apim:admin_operations', 'apim:app_owner_change'] }),
  );
  const made = await admin.post('/key-managers', {
    name: 'Elsewhere',
    type: 'custom',
    issuer,
    certificates: { type: 'PEM', value: cert },
    consumerKeyClaim: 'azp',
  });
  assert.equal(made.status, 201, made.body);
  keyManagerId = made.json().id;
});
after(async () => {
  closeConnections();
  await postern?.stop();
  await backend.close();
  rmSync(data, { recursive: true, force: true });
});

const tokenOf = (consumerKey: string): Promise<string> =>
  new SignJWT({ azp: consumerKey, scope: 'openid' })
    .setProtectedHeader({ alg: 'ES256', typ: 'JWT' })
    .setIssuer(issuer)
    .setSubject('somebody')
    .setIssuedAt()
    .setExpirationTime('10m')
    .setJti(crypto.randomUUID())
    .sign(createPrivateKey(key));

async function becomes(token: string, status: number): Promise<void> {
  const from = performance.now();
  for (;;) {
    const headers = { authorization: `Bearer ${token}` };
    const answer = await call(`${postern.http}/shop/1.0.0/x`, { headers, fresh: true });
    if (answer.status === status) return;
    assert.ok(performance.now() - from < 5000, `expected ${status}, still ${answer.status} ${answer.body}`);
  }
}

async function newApplication(name: string): Promise<string> {
  const made = await portal.post('/applications', { name, throttlingPolicy: 'Unlimited' });
  const { applicationId } = made.json();
  const subscription = { apiId, applicationId, throttlingPolicy: 'Unlimited' };
  assert.equal((await portal.post('/subscriptions', subscription)).status, 201);
  return applicationId;
}

const map = (application: string, more = {}) =>
  portal.post(`/applications/${application}/map-keys`, {
    consumerKey: foreignKey,
    keyType: 'PRODUCTION',
    keyManager: 'Elsewhere',
    ...more,
  });

test('403 before the key is mapped, 200 after; 409 for mapping it twice; 403 after it is cleaned up', async () => {
  const names = (await portal.get('/key-managers')).json().list.map(({ name }: { name: string }) => name);
  assert.deepEqual(names, ['Resident Key Manager', 'Elsewhere']);
  const token = await tokenOf(foreignKey);
  const id = await newApplication('maps');
  await becomes(token, 403);
  const unknown = await map(id, { keyManager: 'Nowhere' });
  assert.deepEqual([unknown.status, /Nowhere.*Elsewhere/.test(unknown.json().description)], [400, true]);
  const mapped = await map(id);
  assert.equal(mapped.status, 200, mapped.body);
  assert.deepEqual([mapped.json().consumerKey, mapped.json().keyManager], [foreignKey, 'Elsewhere']);
  await becomes(token, 200);
  assert.equal((await map(await newApplication('maps too'))).status, 409);
  const path = `/applications/${id}/oauth-keys/${mapped.json().keyMappingId}`;
  assert.equal((await portal.get(path)).json().consumerKey, foreignKey);
  assert.equal((await portal.post(`${path}/regenerate-secret`)).status, 400);
  assert.equal((await portal.post(`${path}/clean-up`)).status, 200);
  await becomes(token, 403);
});

test('403 for a token of the other key manager that names a consumer key of ours', async () => {
  const id = await newApplication('ours');
  const keys = await portal.post(`/applications/${id}/generate-keys`, {
    keyType: 'PRODUCTION',
    grantTypesToBeSupported: ['client_credentials'],
  });
  await becomes(keys.json().token.accessToken, 200);
  await becomes(await tokenOf(keys.json().consumerKey), 403);
});

test('403 for a mapped key once its application has another owner', async () => {
  const id = await newApplication('goes away');
  assert.equal((await map(id, { consumerKey: 'given along' })).status, 200);
  const token = await tokenOf('given along');
  await becomes(token, 200);
  await fillStore(data, (fill) => fill.user('olga', ['Internal/subscriber']));
  const moved = await admin.post(`/applications/${id}/change-owner?owner=olga`);
  assert.equal(moved.status, 200, moved.body);
  await becomes(token, 403);
});

test('200 for a key of a key manager here that an imported application names; 400 for one that is not here', async () => {
  const importing = restClient(
    `${postern.server}/api/am/admin/v1`,
    await logIn(postern.server, { scopes: ['apim:app_import_export'] }),
  );
  const upload = (name: string) => {
    const app = { name: 'Moved', keyManagerWiseOAuthApp: { SANDBOX: { [name]: { clientId: 'came along' } } } };
    const file = Buffer.from(JSON.stringify(app));
    const content = Buffer.from(writeZip(new Map([['Moved.json', file]])));
    return importing.form('/import/applications', [{ name: 'file', content, fileName: 'Moved.zip' }]);
  };
  const refused = await upload('Nowhere');
  assert.equal(refused.status, 400);
  assert.match(refused.json().description, /no key manager "Nowhere" in use; there are: Elsewhere/);
  const brought = await upload('Elsewhere');
  assert.equal(brought.status, 200, brought.body);
  const [key] = (await portal.get(`/applications/${brought.json().applicationId}/keys`)).json().list;
  assert.deepEqual([key.consumerKey, key.keyType, key.keyManager], ['came along', 'SANDBOX', 'Elsewhere']);
});

test('a key manager that is deleted takes its keys along', async () => {
  const id = await newApplication('left alone');
  assert.equal((await map(id, { consumerKey: 'another' })).status, 200);
  const token = await tokenOf('another');
  await becomes(token, 200);
  assert.equal((await admin.delete(`/key-managers/${keyManagerId}`)).status, 200);
  await becomes(token, 401);
  assert.deepEqual((await portal.get(`/applications/${id}/keys`)).json().list, []);
});
