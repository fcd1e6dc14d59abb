/** Users log in on a page of somebody else's, on another site (`pages.logInUrl`): the one that docs/log-in.md has as example. */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { decodeJwt } from 'jose';
import type { Page } from 'playwright-core';
import { freePort } from '../../src/platform/ports.ts';
import { basic, call, closeConnections, postForm } from '../support/call.ts';
import { picture, type RealBrowser, startChromium } from '../support/chromium.ts';
import { type Postern, runPostern, startPostern } from '../support/postern.ts';
import { missing } from '../support/servers.ts';

const skip = missing('chromium');

let postern: Postern;
let pageUrl: string;
let pageServer: ChildProcess;
let chromium: RealBrowser;
/** The application, as far as the browser sees it. */
let application: Server;
let callback: string;
let client: { readonly client_id: string; readonly client_secret: string };

/** The example as it stands in the document. */
function example(): string {
  const text = readFileSync(fileURLToPath(new URL('../../docs/log-in.md', import.meta.url)), 'utf8');
  const [block = ''] = /^ {4}\/\/ login-page\.mjs[\s\S]*?listen\(Number\(PORT\)\);$/m.exec(text) ?? [];
  return block.replace(/^ {4}/gm, '');
}

before(async () => {
  const port = await freePort('127.0.0.1');
  // Another site than localhost, which the key manager is.
  pageUrl = `http://127.0.0.1:${port}/`;
  postern = await startPostern({ args: [`--pages.logInUrl=${pageUrl}?theme=dark`] });
  const file = join(postern.data, 'login-page.mjs');
  writeFileSync(file, example());
  const env = { ...process.env, PORT: String(port), KEY_MANAGER: postern.server };
  pageServer = spawn(process.execPath, [file], { env, stdio: 'inherit' });
  await reachable(pageUrl);
  application = createServer((_request, response) => response.end('back at the application'));
  await new Promise<void>((resolve) => application.listen(0, '127.0.0.1', resolve));
  callback = `http://127.0.0.1:${(application.address() as AddressInfo).port}/cb`;
  const registered = await call(`${postern.server}/oauth2/register`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: basic('admin', 'admin') },
    body: JSON.stringify({ client_name: 'Pizza <b>& more</b>', redirect_uris: [callback] }),
  });
  client = registered.json();
  if (!skip) chromium = await startChromium();
});
after(async () => {
  closeConnections();
  await chromium?.[Symbol.asyncDispose]();
  pageServer?.kill();
  application?.close().closeAllConnections();
  await postern?.stop();
});

async function reachable(url: string): Promise<void> {
  for (const from = performance.now(); ; await new Promise((resolve) => setTimeout(resolve, 50))) {
    const answer = await fetch(url).catch(() => null);
    if (answer) return void answer.body?.cancel();
    assert.ok(performance.now() - from < 30_000, 'the page is not served');
  }
}

const ask = (more: Record<string, string> = {}): string =>
  `${postern.server}/oauth2/authorize?${new URLSearchParams({
    ...{ response_type: 'code', client_id: client.client_id, redirect_uri: callback, scope: 'openid', state: 's' },
    ...more,
  })}`;

async function logIn(page: Page, password = 'admin'): Promise<void> {
  await page.getByLabel('Name').fill('admin');
  await page.getByLabel('Password').fill(password);
  await page.getByRole('button', { name: 'Log in' }).click();
}

async function idToken(page: Page) {
  await page.getByText('back at the application').waitFor();
  const code = new URL(page.url()).searchParams.get('code') as string;
  const form = { grant_type: 'authorization_code', code, redirect_uri: callback };
  const answer = await postForm(`${postern.server}/oauth2/token`, form, basic(client.client_id, client.client_secret));
  assert.equal(answer.status, 200, answer.body);
  return decodeJwt(answer.json().id_token);
}

test('a browser is sent to the page, back to it after a wrong password, and then on with a code', {
  skip,
}, async () => {
  const page = await chromium.newWindow();
  await page.goto(ask({ login_hint: 'ann "x"' }));
  const shown = new URL(page.url());
  assert.equal(shown.origin + shown.pathname, pageUrl);
  assert.deepEqual([...shown.searchParams.keys()], ['theme', 'interaction', 'application', 'hint']);
  await page.getByRole('heading', { name: 'Log in for Pizza <b>& more</b>' }).waitFor();
  assert.equal(await page.getByLabel('Name').inputValue(), 'ann "x"');
  await picture(page, 'log-in-elsewhere');
  await logIn(page, 'wrong');
  await page.getByText('Name or password are wrong').waitFor();
  assert.equal(new URL(page.url()).searchParams.get('failed'), '1');
  assert.equal(await page.getByLabel('Name').inputValue(), 'admin');
  await logIn(page);
  await page.getByRole('button', { name: 'Agree' }).click();
  const claims = await idToken(page);
  assert.equal(claims.sub, 'admin@carbon.super');

  await page.goto(ask());
  assert.equal((await idToken(page)).sid, claims.sid, 'logged in, without the page');
  await page.goto(ask({ prompt: 'login' }));
  await logIn(page);
  assert.equal((await idToken(page)).sid, claims.sid, 'the session goes on, though its cookie came along from nowhere');
  await page.context().close();
});

test('the account page leads there and back', { skip }, async () => {
  const page = await chromium.newWindow();
  await page.goto(`${postern.server}/oauth2/account`);
  assert.ok(page.url().startsWith(pageUrl));
  await page.getByRole('heading', { name: 'Log in', exact: true }).waitFor();
  await logIn(page);
  await page.getByRole('heading', { name: 'Your account' }).waitFor();
  await page.context().close();
});

/** The redirection to the page, as whoever looks for holes sees it. */
async function begin(): Promise<{ interaction: string; cookie: string }> {
  const answer = await call(ask());
  assert.equal(answer.status, 303);
  assert.equal(answer.headers['referrer-policy'], 'no-referrer');
  const [cookie = ''] = answer.headers['set-cookie'] ?? [];
  assert.match(cookie, /^__Host-postern-elsewhere=[\w-]+; Path=\/; Secure; HttpOnly; SameSite=None$/);
  const { searchParams } = new URL(answer.headers.location as string);
  return { interaction: searchParams.get('interaction') as string, cookie: cookie.split(';')[0] as string };
}

const send = (
  { interaction, cookie }: { interaction: string; cookie: string },
  headers: Record<string, string>,
  user = { username: 'admin', password: 'admin' },
) =>
  call(`${postern.server}/oauth2/log-in`, {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded', cookie, ...headers },
    body: new URLSearchParams({ ...user, interaction }).toString(),
  });

test('403 for the form from any other origin than that of the page, from none, and from our own', async () => {
  const begun = await begin();
  const origin = new URL(pageUrl).origin;
  for (const other of ['https://evil.example', 'null', postern.server, `${origin}.evil.example`, `${origin}0`]) {
    const answer = await send(begun, { origin: other });
    assert.equal(answer.status, 403, other);
    assert.equal(answer.headers['set-cookie'], undefined);
  }
  assert.equal((await send(begun, {})).status, 403);
  assert.equal((await send(begun, { origin })).status, 303);
});

test('400 for what was made for another browser, or for a browser whose cookie does not come along', async () => {
  const origin = new URL(pageUrl).origin;
  const [mine, theirs] = [await begin(), await begin()];
  for (const mixed of [
    { interaction: theirs.interaction, cookie: mine.cookie },
    { interaction: mine.interaction, cookie: '' },
    // Our own pages know a browser by another cookie.
    { interaction: mine.interaction, cookie: mine.cookie.replace('elsewhere', 'browser') },
    { interaction: 'made up', cookie: mine.cookie },
  ]) {
    const answer = await send(mixed, { origin });
    assert.equal(answer.status, 400);
    assert.equal(answer.headers['set-cookie'], undefined);
  }
});

test('what the page was given opens no other form of ours', async () => {
  const { interaction, cookie } = await begin();
  for (const [path, more] of [
    ['consent', { decision: 'agree' }],
    ['sign-up', { username: 'x' }],
    ['account', { do: 'log-out' }],
  ] as const) {
    const answer = await call(`${postern.server}/oauth2/${path}`, {
      method: 'POST',
      headers: {
        'content-type': 'application/x-www-form-urlencoded',
        cookie: `${cookie}; ${cookie.replace('elsewhere', 'browser')}`,
        origin: new URL(pageUrl).origin,
      },
      body: new URLSearchParams({ interaction, ...more }).toString(),
    });
    assert.ok(answer.status >= 400 || answer.headers.location?.startsWith(pageUrl), `${path}: ${answer.status}`);
  }
});

test('after five wrong passwords the page is told how long to wait', async () => {
  const begun = await begin();
  const told: (string | null)[] = [];
  for (let i = 0; i < 5; i++) {
    const answer = await send(begun, { origin: new URL(pageUrl).origin }, { username: 'eve', password: 'wrong' });
    const { searchParams } = new URL(answer.headers.location as string);
    assert.deepEqual([searchParams.get('failed'), searchParams.get('hint')], ['1', 'eve']);
    told.push(searchParams.get('wait'));
  }
  assert.deepEqual(told, [null, null, null, null, '1']);
});

test('no start with an address that is none, or that passwords would go to without TLS', async () => {
  for (const url of ['login.html', '/login', 'http://login.example.com/', 'https://a@login.example.com/', 'ftp://x/']) {
    const { status, err } = await runPostern(['key-manager', '--data', postern.data, `--pages.logInUrl=${url}`]);
    assert.equal(status, 2, url);
    assert.match(err, /logInUrl: expected an address with https/);
  }
});
