/** Strangers who make accounts on the page for it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { addClient, startAuthorizationServer } from '../../../test/conformance/authorization-server.ts';
import { Browser } from '../../../test/support/browser.ts';
import { authorizationUrl, callback, logInByCode, mary } from '../../../test/support/code-log-in.ts';
import { findProfile } from '../../adapters/stores/users.ts';

const filled = {
  username: 'nina',
  firstName: 'Nina',
  lastName: '<Neu>',
  email: 'nina@example.org',
  password: 'a good one',
  again: 'a good one',
};
const text = (browser: Browser): string => browser.page?.text ?? '';

test('with prompt=create a stranger makes an account, and comes to the application as who has logged in', async () => {
  await using server = await startAuthorizationServer({ signUp: 'open' });
  const key = await addClient(server, { callbackUrl: callback });
  const metadata = (await (await fetch(`${server.issuer}/.well-known/openid-configuration`)).json()) as {
    prompt_values_supported: string[];
  };
  assert.ok(metadata.prompt_values_supported.includes('create'));
  const browser = new Browser(server.url);
  await browser.go(authorizationUrl(server, key, { prompt: 'create' }));
  assert.match(text(browser), /<h1>Create an account<\/h1>/);
  await browser.submit(filled);
  assert.match(text(browser), /asks for access[\s\S]*<strong>nina<\/strong>/);
  assert.match(await browser.submit({ decision: 'agree' }), /^https:\/\/client\.example\/cb\?code=/);
  const profile = await findProfile(server.store.db, 'carbon.super', 'nina');
  assert.deepEqual([profile?.first_name, profile?.last_name, profile?.email], ['Nina', '<Neu>', 'nina@example.org']);
  assert.deepEqual((await server.km.users.find('nina'))?.roles, ['Internal/everyone', 'Internal/subscriber']);
});

test('from the page for a log-in to that for an account, and back; the request goes on where it was', async () => {
  await using server = await startAuthorizationServer({ signUp: 'open' });
  await server.km.users.create(mary);
  const key = await addClient(server, { callbackUrl: callback });
  const browser = new Browser(server.url);
  await browser.go(authorizationUrl(server, key, { login_hint: 'mary' }));
  await browser.submit({ show: 'sign-up' }, /Create an account/);
  assert.match(text(browser), /<h1>Create an account<\/h1>[\s\S]*value="mary"/);
  await browser.submit({ show: 'log-in' }, undefined, 'I have an account');
  assert.match(text(browser), /<h1>Log in<\/h1>/);
  await browser.submit({ username: 'mary', password: 'marys' });
  assert.match(text(browser), /asks for access/);
});

for (const [what, wrong, said] of [
  ['a name that is taken', { username: 'mary' }, /The name mary is taken; choose another one/],
  ['a reserved name', { username: 'root' }, /is reserved; choose another one/],
  ['two passwords', { again: 'another' }, /not the same/],
  ['a short password', { password: 'abc', again: 'abc' }, /5 to 128 characters/],
  ['no first name', { firstName: '' }, /The first name has 1 to 100 characters/],
  ['an address that is none', { email: 'nina' }, /one like name@example\.org/],
] as const) {
  test(`400 on the page for ${what}, with what was filled in but the passwords`, async () => {
    await using server = await startAuthorizationServer({ signUp: 'open' });
    await server.km.users.create(mary);
    const browser = new Browser(server.url);
    await browser.go(`${server.url}/oauth2/sign-up`);
    await browser.submit({ ...filled, ...wrong });
    assert.equal(browser.page?.status, 400);
    assert.match(text(browser), said);
    assert.match(text(browser), /value="&#60;Neu&#62;"/);
    assert.doesNotMatch(text(browser), /a good one/);
    assert.equal(await server.km.users.find('nina'), null);
  });
}

test('202 where an administrator has to approve: a work flow waits, and nobody logs in', async () => {
  await using server = await startAuthorizationServer({ signUp: 'approval' });
  const browser = new Browser(server.url);
  await browser.go(`${server.url}/oauth2/sign-up`);
  assert.match(text(browser), /administrator has to approve/);
  await browser.submit(filled);
  assert.equal(browser.page?.status, 202);
  const rows = await server.store.db.selectFrom('workflows').selectAll().execute();
  assert.deepEqual(
    rows.map(({ type, status, subject_id, requester }) => [type, status, subject_id, requester]),
    [['USER_SIGNUP', 'CREATED', 'nina', 'nina@carbon.super']],
  );
  assert.equal(await server.km.users.verify('nina', 'a good one'), null);
  await browser.go(`${server.url}/oauth2/account`);
  assert.match(text(browser), /<h1>Log in<\/h1>/);
});

test('403 where nobody may sign up, no way there on the page for a log-in, and prompt=create is unknown', async () => {
  await using server = await startAuthorizationServer();
  await server.km.users.create(mary);
  const key = await addClient(server, { callbackUrl: callback });
  const browser = new Browser(server.url);
  await browser.go(`${server.url}/oauth2/account`);
  assert.doesNotMatch(text(browser), /sign-up/);
  await browser.go(`${server.url}/oauth2/sign-up`);
  assert.equal(browser.page?.status, 403);
  assert.match(text(browser), /New accounts can&#39;t be made here\./);
  // No application has anything to do with it.
  assert.doesNotMatch(text(browser), /Go back/);
  const at = new URL(await browser.go(authorizationUrl(server, key, { prompt: 'create' })));
  assert.equal(at.searchParams.get('error'), 'invalid_request');
  await logInByCode(server, key);
});
