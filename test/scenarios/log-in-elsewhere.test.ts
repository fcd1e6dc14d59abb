/**
 * Users of one installation log in for an application of another, which is told of it by the command line: up to the call of the API, and
 * until nobody believes the provider any more.
 */
import assert from 'node:assert/strict';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { Browser } from '../support/browser.ts';
import { basic, call, closeConnections, postForm } from '../support/call.ts';
import { commandLine } from '../support/command-line.ts';
import { newDataFolder, type Postern, startPostern } from '../support/postern.ts';
import { logIn, restClient } from '../support/rest.ts';

const callback = 'https://client.example.com/cb';
let postern: Postern;
let elsewhere: Postern;
let folder: string;
let key: { consumerKey: string; consumerSecret: string };
const { ok, fails } = commandLine(() => ({ POSTERN_HOME: folder }));

before(async () => {
  folder = newDataFolder();
  // Browsers keep cookies by host, so the two have different ones.
  elsewhere = await startPostern({ args: ['--gateway.threads=1', '--server.publicHost=127.0.0.1'] });
  const ca = join(elsewhere.data, 'certificates', 'ca.pem');
  postern = await startPostern({ args: ['--gateway.threads=1'], env: { NODE_EXTRA_CA_CERTS: ca } });
  await ok('env', 'add', 'dev', '--url', postern.server, '--ca', join(postern.data, 'certificates', 'ca.pem'));
  await ok('login', 'dev', '-u', 'admin', '-p', 'admin');
  key = await newApplication();
});
after(async () => {
  closeConnections();
  await Promise.all([postern?.stop(), elsewhere?.stop()]);
  if (folder) rmSync(folder, { recursive: true, force: true });
});

async function newApplication(): Promise<typeof key> {
  const scopes = ['apim:subscribe', 'apim:app_manage', 'apim:sub_manage'];
  const portal = restClient(`${postern.server}/api/am/store/v1`, await logIn(postern.server, { scopes }));
  const created = await portal.post('/applications', { name: 'Pizza by a friend', throttlingPolicy: 'Unlimited' });
  const { applicationId } = created.json();
  const [api] = (await portal.get('/apis')).json().list;
  assert.equal(
    (await portal.post('/subscriptions', { applicationId, apiId: api.id, throttlingPolicy: 'Unlimited' })).status,
    201,
  );
  const keys = await portal.post(`/applications/${applicationId}/generate-keys`, {
    keyType: 'PRODUCTION',
    grantTypesToBeSupported: ['authorization_code', 'refresh_token'],
    callbackUrl: callback,
  });
  assert.equal(keys.status, 200, keys.body);
  return keys.json();
}

/** Makes us a client of the other installation. */
async function register(): Promise<{ clientId: string; clientSecret: string }> {
  const answer = await call(`${elsewhere.server}/client-registration/v0.17/register`, {
    method: 'POST',
    headers: { authorization: basic('admin', 'admin'), 'content-type': 'application/json' },
    body: JSON.stringify({
      clientName: 'Postern here',
      owner: 'admin',
      grantType: 'authorization_code',
      callbackUrl: `${postern.server}/oauth2/log-in-at/callback/elsewhere`,
    }),
  });
  assert.equal(answer.status, 200, answer.body);
  return answer.json();
}

const callApi = (token: string) =>
  call(`${postern.https}/pizzashack/1.0.0/menu`, { headers: { authorization: `Bearer ${token}` } });

test('200 from the API for who logged in elsewhere, and 401 from when that is believed no more', async () => {
  const { clientId, clientSecret } = await register();
  writeFileSync(join(folder, 'secret'), `${clientSecret}\n`);
  const issuer = `${elsewhere.server.replace('localhost', '127.0.0.1')}/oauth2/token`;
  const described = ['--oidc', '--issuer', issuer, '--client-id', clientId, '--log-in'];
  const mapped = ['--description', 'our friends', '--role', 'staff=Internal/subscriber', '--claim', 'name=name'];
  const secret = ['--client-secret-file', join(folder, 'secret')];
  const { err } = await ok('identity-provider', 'add', 'elsewhere', '-e', 'dev', ...described, ...mapped, ...secret);
  assert.match(err, /users may log in with elsewhere[\s\S]*\/oauth2\/log-in-at\/callback\/elsewhere/);

  const browser = new Browser(postern.https, postern.server, issuer);
  await browser.go(
    `${postern.https}/authorize?response_type=code&client_id=${key.consumerKey}&scope=openid&redirect_uri=${encodeURIComponent(callback)}`,
  );
  assert.match(browser.page?.text ?? '', /Log in with our friends/);
  await browser.submit({ provider: 'elsewhere' }, /log-in-at"/);
  assert.match(browser.page?.url ?? '', /^https:\/\/127\.0\.0\.1:/);
  await browser.submit({ username: 'admin', password: 'admin' });
  await browser.submit({ decision: 'agree' });
  assert.match(browser.page?.text ?? '', /<strong>admin \(our friends\)<\/strong>/);
  const back = new URL(await browser.submit({ decision: 'agree' }));
  const form = { grant_type: 'authorization_code', code: back.searchParams.get('code') ?? '', redirect_uri: callback };
  const answer = await postForm(`${postern.https}/token`, form, basic(key.consumerKey, key.consumerSecret));
  assert.equal(answer.status, 200, answer.body);
  const { access_token } = answer.json();
  assert.equal((await callApi(access_token)).status, 200);

  await ok('identity-provider', 'disable', 'elsewhere', '-e', 'dev');
  assert.equal((await callApi(access_token)).status, 401);
  await browser.go(`${postern.server}/oauth2/account`);
  assert.match(browser.page?.text ?? '', /name="password"/);
  assert.doesNotMatch(browser.page?.text ?? '', /our friends/);
});

test('the secret is shown nowhere, and stays as it is where something else is changed', async () => {
  const show = async () =>
    JSON.parse((await ok('identity-provider', 'show', 'elsewhere', '-e', 'dev', '--output', 'json')).out);
  const { oidc, protocol, localAccounts } = await show();
  assert.deepEqual(
    [oidc.hasClientSecret, oidc.clientSecret, protocol, localAccounts],
    [true, undefined, 'oidc', false],
  );
  await ok('identity-provider', 'change', 'elsewhere', '-e', 'dev', '--name-claim', 'email', '--no-user-info');
  const changed = (await show()).oidc;
  assert.deepEqual(changed, { ...oidc, nameClaim: 'email', userInfo: false });
  assert.match((await ok('identity-provider', 'list', '-e', 'dev')).out, /elsewhere +false +https\S+ +oidc +true/);
  // Not even to another issuer.
  assert.match(
    await fails(1, 'identity-provider', 'change', 'elsewhere', '-e', 'dev', '--issuer', 'https://evil.example'),
    /clientSecret: expected that of the new issuer/,
  );
  const authorization = await logIn(postern.server, { scopes: ['apim:admin'] });
  const admin = restClient(`${postern.server}/api/am/admin/v1`, authorization);
  const { body } = await admin.get('/audit-log?kind=identity-provider');
  assert.match(body, /"hasClientSecret":true/);
  assert.doesNotMatch(body, /clientSecret"/);
});
