/**
 * Users of one installation log in for an application of another, which is told of it by the command line: up to the call of the API, and
 * until nobody believes the provider any more.
 */
import assert from 'node:assert/strict';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { certified } from '../conformance/saml.ts';
import { Browser } from '../support/browser.ts';
import { basic, call, closeConnections, postForm } from '../support/call.ts';
import { commandLine } from '../support/command-line.ts';
import { addLogInApplication, callback, type LogInApplication } from '../support/log-in-application.ts';
import { newDataFolder, type Postern, startPostern } from '../support/postern.ts';
import { logIn, restClient } from '../support/rest.ts';

let postern: Postern;
let elsewhere: Postern;
let folder: string;
let key: LogInApplication;
const { ok, fails } = commandLine(() => ({ POSTERN_HOME: folder }));

before(async () => {
  folder = newDataFolder();
  // Browsers keep cookies by host, so the two have different ones.
  elsewhere = await startPostern({ args: ['--gateway.threads=1', '--server.publicHost=127.0.0.1'] });
  const ca = join(elsewhere.data, 'certificates', 'ca.pem');
  postern = await startPostern({ args: ['--gateway.threads=1'], env: { NODE_EXTRA_CA_CERTS: ca } });
  await ok('env', 'add', 'dev', '--url', postern.server, '--ca', join(postern.data, 'certificates', 'ca.pem'));
  await ok('login', 'dev', '-u', 'admin', '-p', 'admin');
  key = await addLogInApplication(postern.server, 'Pizza by a friend');
});
after(async () => {
  closeConnections();
  await Promise.all([postern?.stop(), elsewhere?.stop()]);
  if (folder) rmSync(folder, { recursive: true, force: true });
});

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
  const redirectUri = `${postern.server}/oauth2/log-in-at/callback/elsewhere`;
  const told = [
    'users may log in with elsewhere from now on',
    `redirect URI to be registered at elsewhere: ${redirectUri}`,
  ];
  assert.equal(err, told.map((line) => `postern: ${line}\n`).join(''));

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
    /--client-secret-file: expected that of the new issuer/,
  );
  const authorization = await logIn(postern.server, { scopes: ['apim:admin'] });
  const admin = restClient(`${postern.server}/api/am/admin/v1`, authorization);
  const { body } = await admin.get('/audit-log?kind=identity-provider');
  assert.match(body, /"hasClientSecret":true/);
  assert.doesNotMatch(body, /clientSecret"/);
});

test('who adds a provider is told at once that it does not answer for the issuer, and is asked for what is missing', async () => {
  const issuer = elsewhere.server.replace('localhost', '127.0.0.1');
  const add = ['identity-provider', 'add', 'wrong', '-e', 'dev', '--oidc'];
  const { err } = await ok(...add, '--issuer', issuer, '--client-id', 'x');
  assert.match(
    err,
    /nobody can log in with wrong at the moment: https:\/\/127\.0\.0\.1:\d+\/\.well-known\/openid-configuration: answered 404/,
  );
  const nobody = 'https://127.0.0.1:1';
  const changed = await ok('identity-provider', 'change', 'wrong', '-e', 'dev', '--issuer', nobody);
  assert.match(
    changed.err,
    /wrong is changed\n.*nobody can log in with wrong at the moment: .*(ECONNREFUSED|bad port)/,
  );
  assert.match(await fails(2, ...add, '--issuer', issuer), /--oidc: expected --issuer and --client-id/);
  assert.match(await fails(2, ...add.slice(0, -1), '--issuer', issuer), /expected --oidc/);
  assert.match(await fails(1, ...add, '--issuer', 'x', '--client-id', 'x'), /--issuer: expected the issuer, an https/);
  assert.match(
    await fails(2, ...add.slice(0, -1), '--metadata', 'none.xml'),
    /none\.xml can't be read: there is no such/,
  );
  const secret = ['--issuer', issuer, '--client-id', 'x', '--client-secret-file', 'none'];
  assert.match(await fails(2, ...add, ...secret), /none can't be read: there is no such file/);
});

test('a provider of SAML 2.0 speaks for accounts here where it was said, and it is said before anybody logs in with it', async () => {
  const pem = join(folder, 'campus.pem');
  writeFileSync(pem, (await certified('rsa')).certificate);
  const known = ['campus', '-e', 'dev', '--entity-id', 'urn:campus', '--certificate', pem];
  const logIn = ['--log-in', '--sso-url', 'https://campus.example/sso'];
  const added = await ok('identity-provider', 'add', ...known);
  assert.match(added.err, /assertions of campus \(urn:campus\) are exchanged for tokens/);
  assert.match(added.err, /whom campus names is the user of that name here: .* can be anybody, admin too/);
  const change = ['identity-provider', 'change', 'campus', '-e', 'dev'];
  assert.match(
    await fails(2, ...change, ...logIn),
    /--log-in: expected --no-local-accounts with it, or --local-accounts;/,
  );
  const silent = await ok(...change, ...logIn, '--no-local-accounts');
  assert.equal(silent.err, 'postern: campus is changed\n');
  assert.match((await ok(...change, '--local-accounts')).err, /can be anybody, admin too/);
  await ok('identity-provider', 'remove', 'campus', '-e', 'dev');
  // Without a word of it nobody here is meant.
  assert.doesNotMatch((await ok('identity-provider', 'add', ...known, ...logIn)).err, /can be anybody/);
});
