/** An administrator lets a user set a new password by a link. */
import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { Browser } from '../support/browser.ts';
import { basic, call, closeConnections, postForm } from '../support/call.ts';
import { commandLine } from '../support/command-line.ts';
import { newDataFolder, type Postern, startPostern } from '../support/postern.ts';
import { logIn, type RestClient, restClient } from '../support/rest.ts';

let postern: Postern;
let folder: string;
let admin: RestClient;

before(async () => {
  postern = await startPostern({ args: ['--gateway.threads=1'] });
  folder = newDataFolder();
  const scopes = ['apim:admin'];
  admin = restClient(`${postern.server}/api/am/admin/v1`, await logIn(postern.server, { scopes }));
  assert.equal((await admin.post('/users', { name: 'vera', password: 'forgotten' })).status, 201);
});
after(async () => {
  closeConnections();
  await postern?.stop();
  rmSync(folder, { recursive: true, force: true });
});

const { ok, fails } = commandLine(() => ({ POSTERN_HOME: folder }));

const tokenFor = (password: string) =>
  postForm(
    `${postern.https}/token`,
    { grant_type: 'password', username: 'vera', password },
    basic(postern.key, postern.secret),
  );

const text = (browser: Browser): string => browser.page?.text ?? '';

async function newLink(): Promise<string> {
  const answer = await admin.post('/users/vera/password-link');
  assert.equal(answer.status, 200, answer.body);
  return answer.json().link;
}

test('the link that a command prints sets a password once; what was issued before ends', async () => {
  await ok('env', 'add', 'dev', '--url', postern.server, '--ca', join(postern.data, 'certificates', 'ca.pem'));
  await ok('login', 'dev', '-u', 'admin', '-p', 'admin');
  const before = (await tokenFor('forgotten')).json().access_token;
  const { out, err } = await ok('password-link', 'vera', '-e', 'dev');
  assert.match(err, /good once, until 20/);
  const browser = new Browser(postern.server);
  await browser.go(out.trim());
  await browser.go(out.trim());
  assert.match(text(browser), /Set a new password[\s\S]*vera/);
  await browser.submit({ password: 'better one', again: 'another' });
  assert.match(text(browser), /not the same/);
  await browser.submit({ password: 'better one', again: 'better one' });
  assert.match(text(browser), /Your password is set/);
  assert.equal((await tokenFor('forgotten')).status, 400);
  assert.equal((await tokenFor('better one')).status, 200);
  const api = () => call(`${postern.https}/pizzashack/1.0.0/menu`, { headers: { authorization: `Bearer ${before}` } });
  for (const from = performance.now(); (await api()).status !== 401; ) {
    assert.ok(performance.now() - from < 5000, 'the token is still accepted');
  }
  await browser.go(out.trim());
  assert.equal(browser.page?.status, 403);
  await fails(5, 'password-link', 'nobody.here', '-e', 'dev');
});

test('403 for a link after a newer one, after the password was changed otherwise, and for one that nobody made', async () => {
  const browser = new Browser(postern.server);
  const first = await newLink();
  const second = await newLink();
  await browser.go(first);
  assert.equal(browser.page?.status, 403);
  await browser.go(second);
  assert.equal(browser.page?.status, 200);
  assert.equal((await admin.post('/users/vera/reset-password', { password: 'set by admin' })).status, 200);
  await browser.submit({ password: 'too late now', again: 'too late now' });
  assert.equal(browser.page?.status, 403);
  await browser.go(`${postern.server}/oauth2/new-password?key=guess`);
  assert.equal(browser.page?.status, 403);
  assert.equal((await tokenFor('set by admin')).status, 200);
});
