/** The page of a user's account, as a browser without scripts sees it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  type AuthorizationServer,
  addClient,
  addSubscribedApplication,
  type Form,
  startAuthorizationServer,
} from '../../../test/conformance/authorization-server.ts';
import { addProvider, content, form, sign } from '../../../test/conformance/saml.ts';
import { Browser } from '../../../test/support/browser.ts';
import { authorizationUrl, callback, logInByCode, mary } from '../../../test/support/code-log-in.ts';
import type { ConsumerKey } from '../../adapters/key-managers/built-in.ts';
import { databaseUserStore } from '../../adapters/user-stores/database.ts';
import type { UserStore } from '../../adapters/user-stores/user-store.ts';
import { saml2Bearer } from '../../core/saml.ts';
import { ManualClock } from '../../platform/clock.ts';
import { describeBrowser } from './describe-browser.ts';

async function start() {
  const server = await startAuthorizationServer();
  await server.km.users.create(mary);
  return { server, key: await addSubscribedApplication(server) };
}

const accountOf = (server: AuthorizationServer) => `${server.url}/oauth2/account`;
const text = (browser: Browser): string => browser.page?.text ?? '';

const isActive = async (server: AuthorizationServer, key: ConsumerKey, token: string): Promise<boolean> =>
  (await server.post('/oauth2/introspect', { token }, key)).json.active;

async function isLoggedIn(server: AuthorizationServer, key: ConsumerKey, browser: Browser): Promise<boolean> {
  const at = new URL(await browser.go(authorizationUrl(server, key, { prompt: 'none' })));
  return at.searchParams.get('error') !== 'login_required';
}

test('who has not logged in does so first, and comes to the page of his account', async () => {
  const { server } = await start();
  await using _ = server;
  const browser = new Browser(server.url);
  await browser.go(accountOf(server));
  assert.match(text(browser), /<h1>Log in<\/h1>/);
  await browser.submit({ username: 'mary', password: 'wrong' });
  assert.equal(await browser.submit({ username: 'mary', password: 'marys' }), accountOf(server));
  assert.match(text(browser), /<h1>Your account<\/h1>[\s\S]*<strong>mary<\/strong>[\s\S]*This browser/);
  assert.equal(browser.page?.headers.get('cache-control'), 'no-store');
});

test('another browser is shown with its address, and is logged out with the tokens that it brought', async () => {
  const { server, key } = await start();
  await using _ = server;
  const here = await logInByCode(server, key);
  const there = await logInByCode(server, key);
  await here.browser.go(accountOf(server));
  assert.match(text(here.browser), /127\.0\.0\.1/);
  await here.browser.submit({}, /end-session/);
  assert.match(text(here.browser), /That browser is logged out/);
  assert.equal(await isLoggedIn(server, key, there.browser), false);
  assert.equal(await isActive(server, key, there.tokens.access_token), false);
  assert.equal(await isLoggedIn(server, key, here.browser), true);
  assert.equal(await isActive(server, key, here.tokens.access_token), true);
});

test('nobody ends the session of somebody else', async () => {
  const { server, key } = await start();
  await using _ = server;
  await server.km.users.create({ name: 'paul', password: 'pauls', roles: [] });
  const { browser, tokens } = await logInByCode(server, key);
  const { sid } = JSON.parse(Buffer.from(tokens.id_token.split('.')[1] ?? '', 'base64url').toString());
  const paul = new Browser(server.url);
  await paul.go(accountOf(server));
  await paul.submit({ username: 'paul', password: 'pauls' });
  await paul.submit({ action: 'end-session', session: sid });
  assert.equal(await isLoggedIn(server, key, browser), true);
});

test('a revoked application has no token, is told to gateways, and has to ask again', async () => {
  const { server, key } = await start();
  await using _ = server;
  const { browser, tokens } = await logInByCode(server, key);
  await browser.go(accountOf(server));
  assert.match(text(browser), /DefaultApplication[\s\S]*know who you are/);
  await browser.submit({}, /"revoke"/);
  assert.match(text(browser), /can no longer act for you/);
  assert.doesNotMatch(text(browser), /DefaultApplication/);
  assert.equal(await isActive(server, key, tokens.access_token), false);
  const refreshed = await server.post(
    '/oauth2/token',
    { grant_type: 'refresh_token', refresh_token: tokens.refresh_token },
    key,
  );
  assert.equal(refreshed.status, 400);
  const { jti } = JSON.parse(Buffer.from(tokens.access_token.split('.')[1] ?? '', 'base64url').toString());
  const told = await server.store.db.selectFrom('changes').select('body').where('kind', '=', 'revocation').execute();
  assert.deepEqual(
    told.map(({ body }) => JSON.parse(body ?? '').value),
    [jti],
  );
  await browser.go(authorizationUrl(server, key));
  assert.match(text(browser), /asks for access/);
});

test('all applications are revoked at once; what is another user’s, and the applications’ own, stays', async () => {
  const { server, key } = await start();
  await using _ = server;
  await server.km.users.create({ name: 'paul', password: 'pauls', roles: [] });
  const other = await addClient(server, { callbackUrl: callback });
  const password = { grant_type: 'password', username: 'paul', password: 'pauls' };
  const pauls = (await server.post('/oauth2/token', password, key)).json.access_token;
  const own = (await server.post('/oauth2/token', { grant_type: 'client_credentials' }, key)).json.access_token;
  const { browser, tokens } = await logInByCode(server, key);
  const second = await logInByCode(server, other, { browser });
  await browser.go(accountOf(server));
  await browser.submit({}, /revoke-all/);
  assert.match(text(browser), /No application can act for you/);
  assert.equal(await isActive(server, key, tokens.access_token), false);
  assert.equal(await isActive(server, other, second.tokens.access_token), false);
  assert.equal(await isActive(server, key, pauls), true);
  assert.equal(await isActive(server, key, own), true);
});

test('the page says how each application came to act for the user, after a refresh as well', async () => {
  const clock = new ManualClock(Date.now());
  await using server = await startAuthorizationServer({ clock });
  await server.km.users.create(mary);
  const key = await addSubscribedApplication(server);
  const { browser, tokens } = await logInByCode(server, key);
  const granted = async (form: Form, client: ConsumerKey) => (await server.post('/oauth2/token', form, client)).json;
  const trusting = await addClient(server, { name: 'trusting' });
  const password = { grant_type: 'password', username: 'mary', password: 'marys' };
  const first = await granted(password, trusting);
  const idp = await addProvider(server);
  const saml = await addClient(server, { name: 'saml', grantTypes: [saml2Bearer] });
  await granted(form(await sign(idp, content(idp, server, { name: 'mary' }))), saml);
  const second = await addClient(server, { name: 'second' });
  const own = (await granted({ grant_type: 'client_credentials' }, second)).access_token;
  const type = 'urn:ietf:params:oauth:token-type:access_token';
  const exchange = {
    ...{ grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange', actor_token: own, actor_token_type: type },
    ...{ subject_token: tokens.access_token, subject_token_type: type },
  };
  assert.ok((await granted(exchange, second)).access_token);
  const said = async (name: string) => {
    await browser.go(accountOf(server));
    const row = text(browser)
      .match(/<li>[\s\S]*?<\/li>/g)
      ?.find((one) => one.includes(`<strong>${name}</strong>`));
    return (row ?? '')
      .replace(/<form[\s\S]*/, '')
      .split(/<br>/)
      .map((line) => line.replace(/<[^>]*>|\d.*/g, '').trim());
  };
  assert.deepEqual(await said('DefaultApplication'), [
    ...['DefaultApplication', 'call APIs for you, know who you are', 'you agreed', 'last token'],
  ]);
  assert.deepEqual(await said('trusting'), ['trusting', 'you gave it your password', 'last token']);
  assert.deepEqual(await said('saml'), ['saml', 'an identity provider spoke for you (SAML)', 'last token']);
  assert.deepEqual(await said('second'), ['second', 'it exchanged a token of another application', 'last token']);
  // When the first access token is over, the refresh token still says it.
  clock.advance(3_601_000);
  await granted({ grant_type: 'refresh_token', refresh_token: first.refresh_token }, trusting);
  assert.deepEqual(await said('trusting'), ['trusting', 'you gave it your password', 'last token']);
});

test('a new password needs the old one, ends everything else, and leaves this browser logged in', async () => {
  const { server, key } = await start();
  await using _ = server;
  const { browser, tokens } = await logInByCode(server, key);
  const there = await logInByCode(server, key);
  await browser.go(accountOf(server));
  const change = (fields: Record<string, string>) => browser.submit(fields, /change-password/);
  await change({ old: 'wrong', new: 'better', again: 'better' });
  assert.equal(browser.page?.status, 401);
  // By the form that it is about, where the browser goes.
  assert.match(text(browser), /Password<\/h2>\s*<p role="alert"[^>]*>The current password is wrong[\s\S]*autofocus/);
  await change({ old: 'marys', new: 'better', again: 'bitter' });
  assert.match(text(browser), /not the same/);
  await change({ old: 'marys', new: 'abc', again: 'abc' });
  assert.match(text(browser), /5 to 128 characters/);
  await change({ old: 'marys', new: 'better', again: 'better' });
  assert.match(text(browser), /Your password is changed/);
  assert.equal(await isLoggedIn(server, key, there.browser), false);
  assert.equal(await isActive(server, key, tokens.access_token), false);
  assert.equal(await isLoggedIn(server, key, browser), true);
  assert.equal(await server.km.users.verify('mary', 'marys'), null);
  assert.notEqual(await server.km.users.verify('mary', 'better'), null);
});

test('403 for the second of two who change a password at once with the old one; the first one’s is the new password', async () => {
  let waiting: (() => void)[] | null = null;
  const server = await startAuthorizationServer({
    users: async ({ store, clock }) => {
      const users = databaseUserStore(store, clock);
      // Both have shown the old password before anybody sets a new one.
      const verify: UserStore['verify'] = async (...of) => {
        const user = await users.verify(...of);
        if (!waiting) return user;
        const all = waiting;
        await new Promise<void>((resolve) => {
          all.push(resolve);
          if (all.length === 2) for (const go of all) go();
        });
        return user;
      };
      return { ...users, verify };
    },
  });
  await using _ = server;
  await server.km.users.create(mary);
  const key = await addSubscribedApplication(server);
  const both = [];
  for (const password of ['of the owner', 'of the thief']) {
    const { browser } = await logInByCode(server, key);
    both.push({ browser, password });
  }
  for (const { browser } of both) await browser.go(accountOf(server));
  waiting = [];
  await Promise.all(
    both.map(({ browser, password }) =>
      browser.submit({ old: 'marys', new: password, again: password }, /change-password/),
    ),
  );
  waiting = null;
  const [first, second] = both.toSorted((a, b) => (a.browser.page?.status ?? 0) - (b.browser.page?.status ?? 0));
  assert.deepEqual([first?.browser.page?.status, second?.browser.page?.status], [200, 403]);
  assert.match(text(second?.browser as Browser), /password was changed meanwhile/);
  for (const [password, isHis] of [
    ['marys', false],
    [first?.password, true],
    [second?.password, false],
  ] as const) {
    assert.equal((await server.km.users.verify('mary', password as string)) !== null, isHis, String(password));
  }
  assert.equal(await isLoggedIn(server, key, first?.browser as Browser), true);
  assert.equal(await isLoggedIn(server, key, second?.browser as Browser), false);
});

test('400 or 403, and nothing done, for a form that another browser or another session was given', async () => {
  const { server, key } = await start();
  await using _ = server;
  const { browser } = await logInByCode(server, key);
  await browser.go(accountOf(server));
  await browser.submit({ interaction: 'forged', action: 'log-out' });
  assert.equal(browser.page?.status, 400);
  const attacker = new Browser(server.url);
  await server.km.users.create({ name: 'paul', password: 'pauls', roles: [] });
  await attacker.go(accountOf(server));
  await attacker.submit({ username: 'paul', password: 'pauls' });
  const interaction = /name="interaction" value="([^"]+)"/.exec(text(attacker))?.[1] ?? '';
  await browser.go(accountOf(server));
  await browser.submit({ interaction, action: 'log-out' });
  assert.equal(browser.page?.status, 400);
  assert.equal(await isLoggedIn(server, key, browser), true);
});

test('who logs out on the page is told so, and is; from there he comes back to his account', async () => {
  const { server, key } = await start();
  await using _ = server;
  const { browser } = await logInByCode(server, key);
  await browser.go(accountOf(server));
  await browser.submit({}, /log-out/);
  assert.match(text(browser), /You are logged out[\s\S]*href="[^"]*\/oauth2\/account">log in/);
  assert.equal(await isLoggedIn(server, key, browser), false);
});

test('429 with Retry-After on the log-in page after many wrong passwords; other addresses and names are not concerned', async () => {
  await using server = await startAuthorizationServer({
    gatewayHeader: 'x-gateway',
    clock: new ManualClock(1_700_000_000_000),
  });
  await server.km.users.create(mary);
  await server.km.users.create({ name: 'paul', password: 'pauls', roles: [] });
  const from = async (address: string, username: string, password: string) => {
    const browser = new Browser(server.url);
    await browser.go(accountOf(server));
    const interaction = /name="interaction" value="([^"]+)"/.exec(text(browser))?.[1] ?? '';
    await browser.go(`${server.url}/oauth2/log-in`, {
      method: 'POST',
      headers: { 'x-gateway': '1', 'x-forwarded-for': address },
      body: new URLSearchParams({ interaction, username, password }),
    });
    return browser.page;
  };
  for (let tries = 0; tries < 5; tries++) {
    assert.equal((await from('192.0.2.1', 'mary', 'guess'))?.status, 401);
  }
  const held = await from('192.0.2.1', 'mary', 'marys');
  assert.equal(held?.status, 429);
  assert.match(held?.headers.get('retry-after') ?? '', /^[1-9]\d*$/);
  assert.match(held?.text ?? '', /Try again in 1 second/);
  assert.match((await from('192.0.2.2', 'mary', 'marys'))?.text ?? '', /Your account/);
  assert.match((await from('192.0.2.1', 'paul', 'pauls'))?.text ?? '', /Your account/);
});

for (const [userAgent, shown] of [
  ['Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0', 'Firefox on Windows'],
  [
    'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/150.0 Safari/537.36 Edg/150.0',
    'Edge on Linux',
  ],
  [
    'Mozilla/5.0 (iPhone; CPU iPhone OS 26_0 like Mac OS X) AppleWebKit/605.1 Version/26.0 Mobile/15E148 Safari/604.1',
    'Safari on iOS',
  ],
  ['something else', 'something else'],
  ['', 'Unknown browser'],
] as const) {
  test(`a browser that says "${userAgent.slice(0, 40)}" is shown as ${shown}`, () => {
    assert.equal(describeBrowser(userAgent), shown);
  });
}
