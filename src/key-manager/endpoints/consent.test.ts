/** What a user is asked for before a client acts for him, and what is recorded of his answer. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  type AuthorizationServer,
  addSubscribedApplication,
  startAuthorizationServer,
} from '../../../test/conformance/authorization-server.ts';
import { Browser } from '../../../test/support/browser.ts';
import { authorizationUrl, callback, logInByCode, mary } from '../../../test/support/code-log-in.ts';
import type { ConsumerKey } from '../../adapters/key-managers/built-in.ts';

const scope = 'update read FREE_PIZZA device_YOU_HAVE_WON email openid';
const rights = ['call APIs for you', 'know who you are', 'see your e-mail address'];

async function start() {
  const server = await startAuthorizationServer();
  await server.km.users.create(mary);
  return { server, key: await addSubscribedApplication(server) };
}

const listed = ({ page }: Browser): string[] =>
  [...(page?.text ?? '').matchAll(/<li>([^<]*)<\/li>/g)].map(([, right]) => right as string);

const agreedTo = async (server: AuthorizationServer) =>
  (await server.store.db.selectFrom('consents').select('scope').executeTakeFirst())?.scope;

async function exchange(server: AuthorizationServer, key: ConsumerKey, at: string) {
  const code = new URL(at).searchParams.get('code') ?? assert.fail(at);
  const form = { grant_type: 'authorization_code', code, redirect_uri: callback };
  return (await server.post('/oauth2/token', form, key)).json.scope;
}

test('a user is asked for what the client would get, in words; nothing else is shown, recorded or given', async () => {
  const { server, key } = await start();
  await using _ = server;
  const browser = new Browser(server.url);
  await browser.go(authorizationUrl(server, key, { scope }));
  await browser.submit({ username: 'mary', password: 'marys' });
  assert.deepEqual(listed(browser), [...rights, 'keep a token for each of your devices', 'read']);
  assert.doesNotMatch(browser.page?.text ?? '', /FREE_PIZZA|YOU_HAVE_WON/);
  const back = await browser.submit({ decision: 'agree' });
  assert.equal(await agreedTo(server), 'device_YOU_HAVE_WON email openid read');
  assert.equal(await exchange(server, key, back), 'device_YOU_HAVE_WON email openid read');
  await browser.go(`${server.url}/oauth2/account`);
  const words = [...rights, 'keep a token for each of your devices', 'read'].join(', ');
  assert.ok(browser.page?.text.includes(words));
});

test('a role that comes after the page was shown gives nothing before the user is asked again', async () => {
  const { server, key } = await start();
  await using _ = server;
  const browser = new Browser(server.url);
  await browser.go(authorizationUrl(server, key, { scope }));
  await browser.submit({ username: 'mary', password: 'marys' });
  await server.km.users.setRoles('mary', ['editor']);
  await browser.submit({ decision: 'agree' });
  assert.ok(listed(browser).includes('update'));
  await server.km.users.setRoles('mary', []);
  const back = await browser.go(authorizationUrl(server, key, { scope }));
  await server.km.users.setRoles('mary', ['editor']);
  assert.equal(await exchange(server, key, back), 'device_YOU_HAVE_WON email openid read');
  await browser.go(authorizationUrl(server, key, { scope }));
  assert.match(await exchange(server, key, await browser.submit({ decision: 'agree' })), /update/);
});

test('for a device the page calls the application and its rights the same, and gives the same', async () => {
  const { server, key } = await start();
  await using _ = server;
  const { browser } = await logInByCode(server, key);
  const { json } = await server.post('/oauth2/device_authorization', { scope }, key);
  await browser.go(json.verification_uri_complete);
  assert.match(browser.page?.text ?? '', /<h1>DefaultApplication asks for access<\/h1>/);
  assert.deepEqual(listed(browser), [...rights, 'keep a token for each of your devices', 'read']);
  await browser.submit({ decision: 'agree' });
  await server.km.users.setRoles('mary', ['editor']);
  const form = { grant_type: 'urn:ietf:params:oauth:grant-type:device_code', device_code: json.device_code };
  assert.equal((await server.post('/oauth2/token', form, key)).json.scope, 'device_YOU_HAVE_WON email openid read');
});

test('who is not the one that is logged in logs in as himself, and is asked what the other one was', async () => {
  const { server, key } = await start();
  await using _ = server;
  await server.km.users.create({ name: 'paul', password: 'pauls', roles: [] });
  const codes = await server.post('/oauth2/device_authorization', { scope: 'read' }, key);
  for (const to of [
    authorizationUrl(server, key, { scope, prompt: 'login consent' }),
    codes.json.verification_uri_complete,
  ]) {
    const browser = new Browser(server.url);
    await browser.go(to);
    await browser.submit({ username: 'mary', password: 'marys' });
    assert.match(browser.page?.text ?? '', /Not mary\?/);
    const before = listed(browser);
    await browser.submit({ show: 'somebody-else' }, /Not mary/);
    assert.match(browser.page?.text ?? '', /<h1>Log in<\/h1>/);
    await browser.submit({ username: 'paul', password: 'pauls' });
    assert.match(browser.page?.text ?? '', /asks for access[\s\S]*Not paul\?/);
    assert.deepEqual(listed(browser), before);
  }
});

test('the page for the log-in says for which application; that for an account says none', async () => {
  const { server, key } = await start();
  await using _ = server;
  const browser = new Browser(server.url);
  await browser.go(authorizationUrl(server, key));
  assert.match(browser.page?.text ?? '', /for <strong>DefaultApplication<\/strong>/);
  await browser.submit({ username: 'mary', password: 'wrong' });
  assert.match(browser.page?.text ?? '', /for <strong>DefaultApplication<\/strong>/);
  await browser.go(`${server.url}/oauth2/account`);
  assert.doesNotMatch(browser.page?.text ?? '', /for <strong>/);
});

test('an error page names a parameter as it is written, and the application where one has sent the browser', async () => {
  const { server, key } = await start();
  await using _ = server;
  const browser = new Browser(server.url);
  await browser.go(authorizationUrl(server, key, { redirect_uri: 'https://attacker.example/' }));
  assert.match(browser.page?.text ?? '', />The redirect_uri of this request is not registered for the application\.</);
  assert.match(browser.page?.text ?? '', /the people behind the application/);
  await browser.go(`${server.url}/oidc/logout?post_logout_redirect_uri=https://attacker.example/`);
  assert.match(browser.page?.text ?? '', />post_logout_redirect_uri needs client_id/);
  await browser.go(`${server.url}/oauth2/new-password?key=none`);
  assert.match(browser.page?.text ?? '', />This link was used/);
  assert.doesNotMatch(browser.page?.text ?? '', /application/);
});
