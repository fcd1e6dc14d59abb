/** The pages that people see, in a real browser: right at the width of a phone, named, labelled, legible, without scripts. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { Page } from 'playwright-core';
import type { ConsumerKey } from '../../src/adapters/key-managers/built-in.ts';
import {
  type AuthorizationServer,
  addClient,
  addSubscribedApplication,
  startAuthorizationServer,
} from '../conformance/authorization-server.ts';
import { addOpenIdProvider, startFederation } from '../conformance/federation.ts';
import { type LyingProvider, startLyingProvider } from '../conformance/lying-provider.ts';
import { Browser } from '../support/browser.ts';
import { picture, type RealBrowser, startChromium } from '../support/chromium.ts';
import { authorizationUrl, callback, logInByCode, mary } from '../support/code-log-in.ts';
import { inspect, spacingOfHeading } from '../support/inspect-page.ts';
import { missing } from '../support/servers.ts';

const skip = missing('chromium');
let server: AuthorizationServer;
let chromium: RealBrowser;
let upstream: LyingProvider;
let key: ConsumerKey;
let other: ConsumerKey;
let script: ConsumerKey;

before(async () => {
  if (skip) return;
  server = await startAuthorizationServer({ signUp: 'open', pages: { name: 'Pizza & Company' } });
  chromium = await startChromium();
  upstream = await startLyingProvider();
  await addOpenIdProvider(server, upstream, { name: 'corp', description: 'Corporate Directory' });
  await addOpenIdProvider(
    server,
    { ...upstream, issuer: 'https://idp.example' },
    { name: 'federation-of-universities', description: 'the Federation of Universities and Research Institutes' },
  );
  await server.km.users.create(mary);
  key = await addSubscribedApplication(server);
  script = await addClient(server, { name: 'A script' });
  other = await addClient(server, {
    name: 'A client with a rather long name, which has to break somewhere',
    callbackUrl: callback,
  });
});
after(async () => {
  await chromium?.[Symbol.asyncDispose]();
  await server?.[Symbol.asyncDispose]();
  await upstream?.[Symbol.asyncDispose]();
});

async function logIn(page: Page): Promise<void> {
  await page.goto(`${server.url}/oauth2/account`);
  await page.getByLabel('User name').fill('mary');
  await page.getByLabel('Password').fill('marys');
  await page.getByRole('button', { name: 'Log in', exact: true }).click();
  await page.getByRole('heading', { name: 'Your account' }).waitFor();
}

const ask = (more: Record<string, string> = {}): string => authorizationUrl(server, key, more).href;

const pages: Readonly<Record<string, (page: Page) => Promise<unknown>>> = {
  'log-in': (page) => page.goto(ask()),
  async 'log-in-failed'(page) {
    await page.goto(ask());
    await page.getByLabel('User name').fill('mary');
    await page.getByLabel('Password').fill('wrong');
    await page.getByRole('button', { name: 'Log in', exact: true }).click();
    await page.getByText('Name or password are wrong').waitFor();
  },
  async 'log-in-elsewhere-failed'(page) {
    upstream.lies = { answer: { code: null, error: 'access_denied' } };
    await page.goto(ask());
    await page.getByRole('button', { name: 'Log in with Corporate Directory' }).click();
    await page.getByText('the provider says access_denied').waitFor();
  },
  async 'account-federated'(page) {
    upstream.lies = {};
    await page.goto(`${server.url}/oauth2/account`);
    await page.getByRole('button', { name: 'Log in with Corporate Directory' }).click();
    await page.getByText('You are logged in as jane (Corporate Directory)').waitFor();
  },
  async consent(page) {
    await logIn(page);
    await page.goto(ask({ scope: 'openid profile email offline_access read', prompt: 'consent' }));
    await page.getByRole('button', { name: 'Agree' }).waitFor();
  },
  async device(page) {
    await logIn(page);
    const form = { scope: 'openid offline_access read device_1' };
    const { json } = await server.post('/oauth2/device_authorization', form, key);
    await page.goto(json.verification_uri_complete);
    await page.getByRole('button', { name: 'Agree' }).waitFor();
  },
  async account(page) {
    const password = { grant_type: 'password', username: 'mary', password: 'marys' };
    await server.post('/oauth2/token', password, script);
    const { browser } = await logInByCode(server, key, { scope: 'openid profile email' });
    await logInByCode(server, other, { browser });
    await logIn(page);
  },
  async 'account-problem'(page) {
    await logIn(page);
    await page.getByLabel('Current password').fill('wrong');
    await page.getByLabel('New password', { exact: true }).fill('better');
    await page.getByLabel('New password, once more').fill('better');
    await page.getByRole('button', { name: 'Change the password' }).click();
    await page.getByText('The current password is wrong').waitFor();
  },
  async 'log-out'(page) {
    await logIn(page);
    await page.goto(`${server.url}/oidc/logout?client_id=${key.consumerKey}`);
    await page.getByRole('button', { name: 'Stay logged in' }).waitFor();
  },
  async 'logged-out'(page) {
    await logIn(page);
    await page.getByRole('button', { name: 'Log out', exact: true }).click();
    await page.getByRole('heading', { name: 'You are logged out' }).waitFor();
  },
  'sign-up': (page) => page.goto(ask({ prompt: 'create' })),
  async 'sign-up-failed'(page) {
    await page.goto(`${server.url}/oauth2/sign-up`);
    for (const [label, value] of Object.entries({
      'First name': 'M',
      'Last name': 'M',
      'E-mail address': 'm@example.org',
    })) {
      await page.getByLabel(label).fill(value);
    }
    await page.getByLabel('User name').fill('mary');
    await page.getByLabel('Password', { exact: true }).fill('long enough');
    await page.getByLabel('Password, once more').fill('long enough');
    await page.getByRole('button', { name: 'Create the account' }).click();
    await page.getByText('The name mary is taken').waitFor();
  },
  error: (page) => page.goto(`${server.url}/oauth2/authorize?client_id=nobody&response_type=code`),
  'link-used': (page) => page.goto(`${server.url}/oauth2/new-password?key=none`),
};

for (const [name, show] of Object.entries(pages)) {
  test(`the page ${name} is right at 1280 and 360 pixels, named, labelled and legible`, { skip }, async () => {
    for (const width of [1280, 360]) {
      const page = await chromium.newWindow({ width, height: 740 });
      await show(page);
      await picture(page, `${name}-${width}`);
      const found = await page.evaluate(inspect);
      assert.deepEqual(found, { wide: [], unnamed: [], headings: 1, lang: 'en', faint: [] }, `${name} at ${width}`);
      assert.match(await page.title(), / - Pizza & Company$/);
      await page.context().close();
    }
  });
}

const long = (word: string): string => word.repeat(70).slice(0, 70);

test('no page is wider than a window of 360 pixels, however long the names are that others give', {
  skip,
}, async () => {
  await using here = await startAuthorizationServer({ signUp: 'open', pages: { name: long('Company') } });
  await addOpenIdProvider(here, upstream, {
    name: long('directory-'),
    description: long('Directory'),
    claims: { name: 'name' },
  });
  await here.km.users.create(mary);
  const client = await addSubscribedApplication(here);
  await here.store.transaction(async ({ db }) => {
    await db
      .updateTable('applications')
      .set({ name: long('APPLICATION') })
      .execute();
    await db
      .updateTable('api_scopes')
      .set({ name: long('W') })
      .where('name', '=', 'read')
      .execute();
  });
  const page = await chromium.newWindow({ width: 360, height: 740 });
  const look = async (name: string) => {
    await picture(page, `long-${name}`);
    assert.deepEqual((await page.evaluate(inspect)).wide, [], name);
    assert.equal(await page.evaluate('document.documentElement.scrollWidth'), 360, name);
  };
  const scope = `openid email ${long('W')}`;
  await page.goto(authorizationUrl(here, client, { scope }).href);
  await look('log-in');
  await page.getByLabel('User name').fill('mary');
  await page.getByLabel('Password').fill('marys');
  await page.getByRole('button', { name: 'Log in', exact: true }).click();
  await page.getByText(long('W')).waitFor();
  await look('consent');
  const { json } = await here.post('/oauth2/device_authorization', { scope }, client);
  await page.goto(json.verification_uri_complete);
  await page.getByRole('button', { name: 'Agree' }).waitFor();
  await look('device');
  await logInByCode(here, client, { scope });
  await page.goto(`${here.url}/oauth2/account`);
  await page.getByRole('button', { name: `Revoke what ${long('APPLICATION')} may do` }).waitFor();
  await look('account');
  await page.goto(`${here.url}/oidc/logout?client_id=${client.consumerKey}`);
  await page.getByRole('button', { name: 'Stay logged in' }).waitFor();
  await look('log-out');
  await page.getByRole('button', { name: 'Log out', exact: true }).click();
  upstream.lies = { claims: { name: long('W') } };
  await page.goto(`${here.url}/oauth2/account`);
  await page.getByRole('button', { name: 'Log in with' }).click();
  await page.getByText(`You are logged in as ${long('W')}`).waitFor();
  await look('account-federated');
  await page.goto(`${here.url}/oauth2/device?user_code=${long('W')}`);
  await look('device-problem');
  await page.goto(`${here.url}/oauth2/authorize?${long('w')}=1&${long('w')}=1`);
  await look('error');
  await page.context().close();
});

test('a real browser logs in elsewhere, at another site, and comes back as who it is there', { skip }, async () => {
  await using federation = await startFederation({}, { claims: { name: 'name' } });
  const { server: here, client, upstream: there } = federation;
  for (const width of [1280, 360]) {
    const page = await chromium.newWindow({ width, height: 740 });
    await page.goto(authorizationUrl(here, client).href);
    await page.getByRole('button', { name: 'Log in with corp' }).click();
    await page.waitForURL(`${there.url}/**`);
    await page.getByLabel('User name').fill('mary');
    await page.getByLabel('Password').fill('marys');
    await page.getByRole('button', { name: 'Log in', exact: true }).click();
    if (width === 1280) await page.getByRole('button', { name: 'Agree' }).click();
    await page.waitForURL(`${here.url}/**`);
    await page.getByText('You are logged in as mary (corp)').waitFor();
    await picture(page, `consent-federated-${width}`);
    const cookies = await page.context().cookies(here.url);
    assert.deepEqual(cookies.map(({ name, sameSite }) => [name.replace('__Host-postern-', ''), sameSite]).toSorted(), [
      ['browser', 'Lax'],
      ['session', 'Lax'],
    ]);
    await page.context().close();
  }
});

test('the page of an account in the dark', { skip }, async () => {
  const page = await chromium.newWindow({ width: 360, height: 740 });
  await page.emulateMedia({ colorScheme: 'dark' });
  await logIn(page);
  await picture(page, 'account-dark');
  assert.deepEqual((await page.evaluate(inspect)).faint, []);
  await page.context().close();
});

test('every page is kept by nobody, framed by nobody, and tells nobody its address', { skip }, async () => {
  const browser = new Browser(server.url);
  for (const path of ['account', 'sign-up', 'authorize', 'new-password?key=x']) {
    await browser.go(`${server.url}/oauth2/${path}`);
    const { headers } = browser.page ?? assert.fail();
    assert.equal(headers.get('cache-control'), 'no-store', path);
    assert.equal(headers.get('referrer-policy'), 'no-referrer', path);
    assert.match(
      headers.get('content-security-policy') ?? '',
      /^default-src 'none'; style-src 'sha256-.+frame-ancestors 'none'$/,
    );
  }
});

test('a style sheet of the installation is in force, and the policy still allows no other', { skip }, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'postern-style-'));
  const styleFile = join(folder, 'style.css');
  writeFileSync(styleFile, ':root { --accent: #086344; }\r\nh1 { letter-spacing: 3px; }\r\n');
  try {
    await using styled = await startAuthorizationServer({ pages: { styleFile } });
    const page = await chromium.newWindow();
    await page.goto(`${styled.url}/oauth2/account`);
    assert.equal(await page.evaluate(spacingOfHeading), '3px');
    await picture(page, 'styled');
    await page.context().close();
  } finally {
    rmSync(folder, { recursive: true });
  }
});

for (const [what, content, said] of [
  ['markup in it', '</style><script>', /has markup in it/],
  ['other bytes than UTF-8', Buffer.from([0xff]), /expected UTF-8/],
  ['more than 65536 bytes', ' '.repeat(65_537), /at most 65536 bytes/],
] as const) {
  test(`no start with a style sheet that has ${what}`, async () => {
    const folder = mkdtempSync(join(tmpdir(), 'postern-style-'));
    writeFileSync(join(folder, 'style.css'), content);
    try {
      await assert.rejects(startAuthorizationServer({ pages: { styleFile: join(folder, 'style.css') } }), said);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
}
