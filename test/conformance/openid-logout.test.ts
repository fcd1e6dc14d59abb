/** OpenID Connect RP-Initiated Logout 1.0 and Back-Channel Logout 1.0, seen from outside; the section stands first. */
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { createRemoteJWKSet, decodeJwt, decodeProtectedHeader, jwtVerify } from 'jose';
import * as client from 'openid-client';
import type { ConsumerKey } from '../../src/adapters/key-managers/built-in.ts';
import { databaseUserStore } from '../../src/adapters/user-stores/database.ts';
import { ManualClock } from '../../src/platform/clock.ts';
import { Browser } from '../support/browser.ts';
import { authorizationUrl, logInByCode, mary, register } from '../support/code-log-in.ts';
import { type AuthorizationServer, addClient, startAuthorizationServer } from './authorization-server.ts';
import { answerIn, exchange, loggedIn, newCode, requestUrl, startLoggedIn } from './code-flow.ts';

const bye = 'https://client.example/bye';

async function start(options: Parameters<typeof startAuthorizationServer>[0] = {}) {
  const server = await startAuthorizationServer(options);
  await server.km.users.create(mary);
  const key = await addClient(server, { callbackUrl: 'https://client.example/cb' });
  await register(server, key, { post_logout_redirect_uris: [bye] });
  return { server, key };
}

const logOutUrl = (server: AuthorizationServer, query: Record<string, string>): URL =>
  new URL(`${server.url}/oidc/logout?${new URLSearchParams(query)}`);

const isLoggedIn = async (server: AuthorizationServer, key: ConsumerKey, browser: Browser): Promise<boolean> => {
  const at = new URL(await browser.go(authorizationUrl(server, key, { prompt: 'none' })));
  return at.searchParams.get('error') !== 'login_required';
};

const isActive = async (server: AuthorizationServer, key: ConsumerKey, token: string): Promise<boolean> =>
  (await server.post('/oauth2/introspect', { token }, key)).json.active;

test('RP 2: openid-client sends a browser to log out: session and tokens end, and it comes back with state', async () => {
  const { server, key } = await start();
  await using _ = server;
  const { browser, tokens } = await logInByCode(server, key);
  const config = await client.discovery(new URL(server.issuer), key.consumerKey, key.consumerSecret, undefined, {
    execute: [client.allowInsecureRequests],
  });
  const url = client.buildEndSessionUrl(config, {
    id_token_hint: tokens.id_token,
    post_logout_redirect_uri: bye,
    state: 'a b&c',
  });
  assert.equal(await browser.go(url), `${bye}?state=a+b%26c`);
  assert.equal(await isLoggedIn(server, key, browser), false);
  assert.equal(await isActive(server, key, tokens.access_token), false);
  const form = { grant_type: 'refresh_token', refresh_token: tokens.refresh_token };
  assert.equal((await server.post('/oauth2/token', form, key)).status, 400);
});

test('RP 2: a POST is answered like a GET; a browser sends no cookie with it, and is asked to come again', async () => {
  const { server, key } = await start();
  await using _ = server;
  const { browser, tokens } = await logInByCode(server, key);
  const body = new URLSearchParams({ id_token_hint: tokens.id_token, post_logout_redirect_uri: bye });
  assert.equal(await browser.go(`${server.url}/oidc/logout`, { method: 'POST', body: `${body}`, headers: form }), bye);
  assert.equal(await isLoggedIn(server, key, browser), false);
});
const form = { 'content-type': 'application/x-www-form-urlencoded' };

test('RP 2: a POST may have characters that no address has; 413 when it is longer than addresses are, 400 when it is malformed', async () => {
  const { server, key } = await start();
  await using _ = server;
  const browser = new Browser(server.url);
  const known = `client_id=${key.consumerKey}&post_logout_redirect_uri=${bye}`;
  const send = (body: string) => browser.go(`${server.url}/oidc/logout`, { method: 'POST', body, headers: form });
  const back = new URL(await send(`${known}&state=für immer €\r\nx: y`));
  assert.equal(back.searchParams.get('state'), 'für immer €\r\nx: y');
  for (const [state, status] of [
    ['x'.repeat(13_000), 413],
    ['%', 400],
  ] as const) {
    await send(`${known}&state=${state}`);
    assert.equal(browser.page?.status, status);
    assert.match(browser.page?.text ?? '', /<h1>This did not work/);
  }
});

test('RP 2: an expired id token is as good a hint as a live one', async () => {
  const clock = new ManualClock(1_700_000_000_000);
  const { server, key } = await start({ clock, options: { idTokenValidity: 60 } });
  await using _ = server;
  const { browser, tokens } = await logInByCode(server, key);
  clock.advance(3_600_000);
  assert.equal(
    await browser.go(logOutUrl(server, { id_token_hint: tokens.id_token, post_logout_redirect_uri: bye })),
    bye,
  );
  assert.equal(await isLoggedIn(server, key, browser), false);
});

for (const [what, query] of [
  ['nothing', () => ({})],
  ['client_id alone', (key: ConsumerKey) => ({ client_id: key.consumerKey, post_logout_redirect_uri: bye })],
  [
    'a hint that nobody signed',
    (key: ConsumerKey) => ({ client_id: key.consumerKey, id_token_hint: 'e30.e30.e30', post_logout_redirect_uri: bye }),
  ],
] as const) {
  test(`RP 2: with ${what} the user is asked; 200 with a page if he stays, and he is logged out if he agrees`, async () => {
    const { server, key } = await start();
    await using _ = server;
    const { browser } = await logInByCode(server, key);
    const given = query(key);
    await browser.go(logOutUrl(server, given));
    assert.match(browser.page?.text ?? '', /<strong>mary<\/strong>/);
    await browser.submit({ decision: 'stay' });
    assert.equal(await isLoggedIn(server, key, browser), true);
    await browser.go(logOutUrl(server, given));
    const at = await browser.submit({ decision: 'log-out' });
    if ('post_logout_redirect_uri' in given) assert.equal(at, bye);
    else assert.match(browser.page?.text ?? '', /You are logged out/);
    assert.equal(await isLoggedIn(server, key, browser), false);
  });
}

test('RP 2: the id token of another session logs nobody out unasked', async () => {
  const { server, key } = await start();
  await using _ = server;
  const { tokens } = await logInByCode(server, key);
  const other = await logInByCode(server, key);
  await other.browser.go(logOutUrl(server, { id_token_hint: tokens.id_token }));
  assert.match(other.browser.page?.text ?? '', /Log out\?/);
  assert.equal(await isLoggedIn(server, key, other.browser), true);
});

for (const [what, query] of [
  ['an address that is not registered', (id: string) => ({ id_token_hint: id, post_logout_redirect_uri: `${bye}/` })],
  ['an address without a client', () => ({ post_logout_redirect_uri: bye })],
  ['a client_id that the hint is not of', (id: string) => ({ id_token_hint: id, client_id: 'another' })],
] as const) {
  test(`RP 3: 400 on a page for ${what}; nobody is sent anywhere, and nobody is logged out`, async () => {
    const { server, key } = await start();
    await using _ = server;
    const { browser, tokens } = await logInByCode(server, key);
    const url = logOutUrl(server, query(tokens.id_token));
    assert.equal(await browser.go(url), url.href);
    assert.equal(browser.page?.status, 400);
    assert.equal(await isLoggedIn(server, key, browser), true);
  });
}

test('RP 4: an access token is no hint, and a form of another browser logs nobody out', async () => {
  const { server, key } = await start();
  await using _ = server;
  const { browser, tokens } = await logInByCode(server, key);
  await browser.go(logOutUrl(server, { id_token_hint: tokens.access_token }));
  assert.match(browser.page?.text ?? '', /Log out\?/);
  const foreign = new Browser(server.url);
  await logInByCode(server, key, { browser: foreign });
  await foreign.go(logOutUrl(server, {}));
  const interaction = /name="interaction" value="([^"]+)"/.exec(foreign.page?.text ?? '')?.[1] ?? '';
  await browser.submit({ interaction, decision: 'log-out' });
  assert.equal(browser.page?.status, 400);
  assert.equal(await isLoggedIn(server, key, browser), true);
});

test('BC 2.7: what was given with offline_access goes on after the log-out, the rest ends', async () => {
  const { server, key } = await start();
  await using _ = server;
  const other = await addClient(server, { callbackUrl: 'https://client.example/cb' });
  const { browser, tokens } = await logInByCode(server, key, { scope: 'openid offline_access' });
  const more = await logInByCode(server, other, { browser });
  await browser.go(logOutUrl(server, { id_token_hint: tokens.id_token }));
  const refresh = (token: string, of: ConsumerKey) =>
    server.post('/oauth2/token', { grant_type: 'refresh_token', refresh_token: token }, of);
  assert.equal((await refresh(tokens.refresh_token, key)).status, 200);
  assert.equal((await refresh(more.tokens.refresh_token, other)).status, 400);
});

test('a code that was not exchanged yet is worth nothing after the log-out', async () => {
  const { server, key } = await start();
  await using _ = server;
  const { browser, tokens } = await logInByCode(server, key);
  const code = new URL(await browser.go(authorizationUrl(server, key))).searchParams.get('code') ?? '';
  await browser.go(logOutUrl(server, { id_token_hint: tokens.id_token }));
  const form = { grant_type: 'authorization_code', code, redirect_uri: 'https://client.example/cb' };
  assert.equal((await server.post('/oauth2/token', form, key)).json.error, 'invalid_grant');
});

/** A client that listens for log-outs, and answers with these statuses, the last one for ever. */
async function listen(...statuses: number[]) {
  const got: URLSearchParams[] = [];
  const waiting: (() => void)[] = [];
  const server = createServer((request, response) => {
    let text = '';
    request.on('data', (chunk) => void (text += chunk));
    request.on('end', () => {
      got.push(new URLSearchParams(text));
      response.writeHead(statuses.length > 1 ? (statuses.shift() as number) : (statuses[0] ?? 200)).end();
      for (const wake of waiting.splice(0)) wake();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/bye`,
    got,
    async until(number: number) {
      while (got.length < number) await new Promise<void>((resolve) => void waiting.push(resolve));
    },
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

test('BC 2.4: a client is told by a signed log-out token with sid, sub, events and no nonce', async () => {
  const { server, key } = await start();
  await using _ = server;
  await using rp = await listen(200);
  await register(server, key, { backchannel_logout_uri: rp.url });
  const { browser, tokens } = await logInByCode(server, key);
  await browser.go(logOutUrl(server, { id_token_hint: tokens.id_token }));
  await rp.until(1);
  const token = rp.got[0]?.get('logout_token') ?? '';
  const { payload } = await jwtVerify(token, createRemoteJWKSet(new URL(`${server.url}/oauth2/jwks`)), {
    issuer: server.issuer,
    audience: key.consumerKey,
    typ: 'logout+jwt',
    requiredClaims: ['iat', 'exp', 'jti'],
  });
  const id = decodeJwt(tokens.id_token);
  assert.equal(payload.sub, 'mary@carbon.super');
  assert.equal(payload.sid, id.sid);
  assert.deepEqual(payload.events, { 'http://schemas.openid.net/event/backchannel-logout': {} });
  assert.equal('nonce' in payload, false);
  assert.equal(decodeProtectedHeader(token).alg, decodeProtectedHeader(tokens.id_token).alg);
  // It is no id token, and no hint.
  const again = await logInByCode(server, key);
  await again.browser.go(logOutUrl(server, { id_token_hint: token }));
  assert.match(again.browser.page?.text ?? '', /Log out\?/);
});

test('BC 2.5: a client is told too when an administrator ends everything of a user', async () => {
  const { server, key } = await start();
  await using _ = server;
  await using rp = await listen(200);
  await register(server, key, { backchannel_logout_uri: rp.url });
  const { tokens } = await logInByCode(server, key);
  await server.km.revoker.revokeSubject('mary@carbon.super');
  await rp.until(1);
  assert.equal(decodeJwt(rp.got[0]?.get('logout_token') ?? '').sid, decodeJwt(tokens.id_token).sid);
});

test('BC 2.8: a client that answers 503 is told again later, one that answers 400 is not', async () => {
  const clock = new ManualClock(1_700_000_000_000);
  const { server, key } = await start({ clock });
  await using _ = server;
  await using rp = await listen(503, 400);
  await register(server, key, { backchannel_logout_uri: rp.url });
  const { browser, tokens } = await logInByCode(server, key);
  await browser.go(logOutUrl(server, { id_token_hint: tokens.id_token }));
  await rp.until(1);
  // Only when it is postponed is it the clock that decides.
  await waiting(server, (rows) => rows.some(({ next_at_ms }) => Number(next_at_ms) === clock.now() + 5000));
  clock.advance(5000);
  await rp.until(2);
  await waiting(server, (rows) => rows.length === 0);
});

test('an address in a private network is not called where that is not allowed', async () => {
  const clock = new ManualClock(1_700_000_000_000);
  const { server, key } = await start({ clock, privateAddresses: 'deny' });
  await using _ = server;
  await using rp = await listen(200);
  await register(server, key, { backchannel_logout_uri: rp.url });
  const { browser, tokens } = await logInByCode(server, key);
  await browser.go(logOutUrl(server, { id_token_hint: tokens.id_token }));
  // Told, or postponed.
  await waiting(server, (rows) => rows.every(({ next_at_ms }) => Number(next_at_ms) === clock.now() + 5000));
  assert.equal(rp.got.length, 0);
});

test('login_required where the user logs out while a request for authorization is answered', async () => {
  let meanwhile: (() => Promise<unknown>) | null = null;
  const { server, client: key } = await startLoggedIn({
    options: { strictScopes: true, allowImplicit: true },
    users: async ({ store, clock }) => {
      const users = databaseUserStore(store, clock);
      return {
        ...users,
        // A directory that is slow once.
        async find(name) {
          const work = meanwhile;
          meanwhile = null;
          await work?.();
          return users.find(name);
        },
      };
    },
  });
  await using _ = server;
  for (const response_type of ['code', 'token', 'id_token', 'id_token token']) {
    const browser = await loggedIn(server, key);
    const { json } = await exchange(server, key, await newCode(server, key, browser, { scope: 'openid' }));
    meanwhile = () => browser.go(logOutUrl(server, { id_token_hint: json.id_token }));
    const url = requestUrl(server, key, { scope: 'openid', nonce: 'n', response_type });
    assert.equal(answerIn(await browser.go(url)).get('error'), 'login_required', response_type);
    assert.equal(meanwhile, null);
  }
});

async function waiting(
  { store }: AuthorizationServer,
  until: (rows: readonly { attempts: number; next_at_ms: number }[]) => boolean,
): Promise<void> {
  for (;;) {
    const rows = await store.db.selectFrom('logout_notices').selectAll().execute();
    if (until(rows)) return;
    await new Promise((resolve) => setImmediate(resolve));
  }
}
