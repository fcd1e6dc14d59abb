/**
 * Somebody logs in for an application: the addresses as the original's users know them, at the gateway, from a key with a
 * callback URL to the call of the API.
 */
import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { after, before, test } from 'node:test';
import { Browser } from '../support/browser.ts';
import { basic, call, closeConnections, postForm } from '../support/call.ts';
import { startChromium } from '../support/chromium.ts';
import { addLogInApplication, callback, type LogInApplication } from '../support/log-in-application.ts';
import { type Postern, startPostern } from '../support/postern.ts';
import { missing } from '../support/servers.ts';

let postern: Postern;
let key: LogInApplication;

before(async () => {
  postern = await startPostern();
  key = await addLogInApplication(postern.server, 'Pizza on the way', {
    additionalProperties: {
      post_logout_redirect_uris: 'https://client.example.com/bye https://client.example.com/ciao',
    },
  });
});
after(async () => {
  closeConnections();
  await postern?.stop();
});

/** The request as it has always been written. */
const published = (): string =>
  `${postern.https}/authorize?response_type=code&client_id=${key.consumerKey}&scope=PRODUCTION&redirect_uri=https%3A%2F%2Fclient%2Eexample%2Ecom%2Fcb`;

async function exchange(code: string, more: Record<string, string> = {}) {
  const form = { grant_type: 'authorization_code', code, redirect_uri: callback, ...more };
  return postForm(`${postern.https}/token`, form, basic(key.consumerKey, key.consumerSecret));
}

const callApi = (token: string) =>
  call(`${postern.https}/pizzashack/1.0.0/menu`, { headers: { authorization: `Bearer ${token}` } });

test('200 from the API for a token by a code, for which a user logged in and agreed at /authorize of the gateway', async () => {
  const browser = new Browser(postern.https, postern.server);
  await browser.go(published());
  assert.match(browser.page?.text ?? '', /<h1>Log in<\/h1>/);
  // Cookies are those of the key manager's host, whatever that of the gateway.
  assert.equal(new URL(browser.page?.url ?? '').origin, postern.server);
  await browser.submit({ username: 'admin', password: 'admin' });
  const back = new URL(await browser.submit({ decision: 'agree' }));
  assert.equal(back.origin + back.pathname, callback);
  const answer = await exchange(back.searchParams.get('code') ?? '');
  assert.equal(answer.status, 200, answer.body);
  assert.equal((await callApi(answer.json().access_token)).status, 200);

  const after = 'https://client.example.com/ciao';
  const query = new URLSearchParams({ client_id: key.consumerKey, post_logout_redirect_uri: after });
  await browser.go(`${postern.server}/oidc/logout?${query}`);
  assert.equal(await browser.submit({ decision: 'log-out' }), after);
});

test('a real browser without scripts logs in with PKCE; 200 from the API, and 401 when its user has revoked the application', {
  skip: missing('chromium'),
}, async () => {
  await using chromium = await startChromium();
  const page = await chromium.newWindow();
  const verifier = randomBytes(32).toString('base64url');
  const challenge = createHash('sha256').update(verifier).digest('base64url');
  let back: URL | undefined;
  await page.route(`${callback}**`, (route) => {
    back = new URL(route.request().url());
    return route.fulfill({ body: 'here is the application' });
  });
  await page.goto(`${published()}&prompt=consent&state=s1&code_challenge=${challenge}&code_challenge_method=S256`);
  await page.getByLabel('User name').fill('admin');
  await page.getByLabel('Password').fill('wrong');
  await page.getByRole('button', { name: 'Log in' }).click();
  await page.getByText('Name or password are wrong').waitFor();
  await page.getByLabel('Password').fill('admin');
  await page.getByRole('button', { name: 'Log in' }).click();
  await page.getByRole('button', { name: 'Agree' }).click();
  await page.getByText('here is the application').waitFor();
  assert.equal(back?.searchParams.get('state'), 's1');
  const answer = await exchange(back?.searchParams.get('code') ?? '', { code_verifier: verifier });
  assert.equal(answer.status, 200, answer.body);
  const { access_token: token } = answer.json();
  assert.equal((await callApi(token)).status, 200);

  await page.goto(`${postern.server}/oauth2/account`);
  await page.getByRole('button', { name: 'Revoke what Pizza on the way may do' }).click();
  await page.getByText('The application can no longer act for you').waitFor();
  for (const from = performance.now(); (await callApi(token)).status !== 401; ) {
    assert.ok(performance.now() - from < 5000, 'the token is still accepted');
  }
});

test('303 to the account for a browser that was given the host alone, and 404 for a program', async () => {
  const at = (accept: string) => call(`${postern.server}/`, { headers: { accept } });
  const { status, headers } = await at('text/html,application/xhtml+xml,*/*;q=0.8');
  assert.deepEqual([status, headers.location, headers.vary], [303, `${postern.server}/oauth2/account`, 'accept']);
  for (const accept of ['*/*', 'application/json']) {
    const answer = await at(accept);
    assert.deepEqual([answer.status, answer.json().description], [404, 'There is nothing at /.']);
  }
});
