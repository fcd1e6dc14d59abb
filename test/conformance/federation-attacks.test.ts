/** Attacks on the log-in at a provider of OpenID Connect: by users, by strangers, by other providers, and lies of the provider itself. */
import assert from 'node:assert/strict';
import { createHmac, generateKeyPairSync } from 'node:crypto';
import { after, afterEach, before, test } from 'node:test';
import { SignJWT } from 'jose';
import type { ConsumerKey } from '../../src/adapters/key-managers/built-in.ts';
import { updateIdentityProvider } from '../../src/adapters/stores/identity-providers.ts';
import type { IdentityProvider } from '../../src/core/identity-provider.ts';
import { ManualClock } from '../../src/platform/clock.ts';
import { Browser } from '../support/browser.ts';
import {
  type AuthorizationServer,
  addSubscribedApplication,
  startAuthorizationServer,
} from './authorization-server.ts';
import { answerIn, claimsOf, exchange, requestUrl } from './code-flow.ts';
import { addOpenIdProvider } from './federation.ts';
import { type Lies, type LyingProvider, startLyingProvider } from './lying-provider.ts';

let server: AuthorizationServer;
let client: ConsumerKey;
let upstream: LyingProvider;
let provider: IdentityProvider;

before(async () => {
  upstream = await startLyingProvider();
  server = await startAuthorizationServer({ host: 'localhost' });
  client = await addSubscribedApplication(server);
  await server.km.users.create({ name: 'mary', password: 'marys', roles: [] });
  provider = await addOpenIdProvider(server, upstream, { description: 'Corp & Co' });
});
after(async () => {
  await server?.[Symbol.asyncDispose]();
  await upstream?.[Symbol.asyncDispose]();
});
afterEach(async () => {
  upstream.lies = {};
  upstream.asked.length = 0;
  await server.store.transaction((tx) => updateIdentityProvider(tx, provider));
});

/** Without what every page has. */
const text = ({ page }: Browser): string => page?.text.replace(/^[\s\S]*<main[^>]*>/, '') ?? '';
const subject = 'FEDERATED:corp/jane@carbon.super';
const sessionCookie = '__Host-postern-session';
const awayCookie = '__Host-postern-away';

/** The log-in page, and from there to the provider and back. */
async function logIn(
  parameters: Record<string, string> = {},
  browser = new Browser(server.url, upstream.issuer),
): Promise<Browser> {
  await browser.go(requestUrl(server, client, { scope: 'openid', ...parameters }));
  await browser.submit({ provider: 'corp' }, /log-in-at"/);
  return browser;
}

/** As `logIn`, but the browser is stopped on its way back: the address to which it would go. */
async function wayBack(): Promise<{ browser: Browser; back: string }> {
  const browser = new Browser(server.url);
  const away = await browser
    .go(requestUrl(server, client, { scope: 'openid' }))
    .then(() => browser.submit({ provider: 'corp' }, /log-in-at"/));
  const { headers } = await fetch(away, { redirect: 'manual' });
  return { browser, back: headers.get('location') as string };
}

function refused(browser: Browser, status: number, why: RegExp): void {
  assert.equal(browser.page?.status, status, text(browser));
  assert.match(text(browser), why);
  assert.equal(browser.cookies.has(sessionCookie), false);
}

const tokenRequests = ({ asked }: LyingProvider) => asked.filter(({ path }) => path === '/token');

test('an honest provider: consent for its user, who is told by what he said of himself', async () => {
  const browser = await logIn();
  assert.match(text(browser), /You are logged in as <strong>jane \(Corp &#38; Co\)<\/strong>/);
  const back = await browser.submit({ decision: 'agree' });
  const { json } = await exchange(server, client, answerIn(back).get('code') as string);
  const { sub, amr } = claimsOf(json.id_token);
  assert.deepEqual([sub, amr], [subject, ['pwd', 'otp']]);
});

const wrongKey = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
const now = (): number => Math.floor(Date.now() / 1000);

const idTokens: Readonly<Record<string, [() => Lies, RegExp]>> = {
  'signed by another key': [
    () => ({
      idToken: (claims, header) => new SignJWT({ ...claims }).setProtectedHeader(header as never).sign(wrongKey),
    }),
    /no key of the provider/,
  ],
  'not signed (alg none)': [
    () => ({ idToken: (claims, header) => `${encode({ ...header, alg: 'none' })}.${encode(claims)}.` }),
    /alg: expected/,
  ],
  'signed with our secret (HS256)': [
    () => ({
      idToken(claims, header) {
        const input = `${encode({ ...header, alg: 'HS256' })}.${encode(claims)}`;
        return `${input}.${createHmac('sha256', upstream.clientSecret).update(input).digest('base64url')}`;
      },
    }),
    /alg: expected/,
  ],
  'of another issuer': [() => ({ claims: { iss: 'https://other.example' } }), /iss/],
  'for another client': [() => ({ claims: { aud: 'other' } }), /aud/],
  'for another client too': [() => ({ claims: { aud: ['postern', 'other'] } }), /aud/],
  'for nobody': [() => ({ claims: { aud: undefined } }), /aud/],
  'that another client may use': [() => ({ claims: { azp: 'other' } }), /azp/],
  'that is over': [() => ({ claims: { exp: now() - 1 } }), /exp/],
  'that never ends': [() => ({ claims: { exp: undefined } }), /exp/],
  'of tomorrow': [() => ({ claims: { iat: now() + 3600 } }), /iat/],
  'with another nonce': [() => ({ claims: { nonce: 'other' } }), /nonce/],
  'without a nonce': [() => ({ claims: { nonce: undefined } }), /nonce/],
  'of another access token': [() => ({ claims: { at_hash: 'AAAAAAAAAAAAAAAAAAAAAA' } }), /at_hash/],
  'about nobody': [() => ({ claims: { sub: '' } }), /sub/],
  'that is a log-out token': [() => ({ header: { typ: 'logout+jwt' } }), /typ/],
  'that is no JWT': [() => ({ idToken: () => 'a.b' }), /expected a JWT/],
  'about a name with space around it': [
    () => ({ claims: { sub: ' admin' }, userInfo: { sub: ' admin' } }),
    /without space/,
  ],
  'about a name with hidden characters': [
    () => ({ claims: { sub: 'ad\u202emin' }, userInfo: { sub: 'ad\u202emin' } }),
    /hidden/,
  ],
};

for (const [what, [lies, why]] of Object.entries(idTokens)) {
  test(`403 and no session for an id token ${what}`, async () => {
    upstream.lies = lies();
    refused(await logIn(), 403, why);
  });
}

test('403 for user info about somebody else (OpenID Connect Core 5.3.2)', async () => {
  upstream.lies = { userInfo: { sub: 'admin', email: 'admin@corp.example' } };
  refused(await logIn(), 403, /user info is of somebody else/);
});

for (const [what, iss] of [
  ['that names another issuer', 'https://other.example'],
  ['that names none, where the provider says that it does', null],
] as const) {
  test(`403, and the code is shown to nobody, for an answer ${what} (RFC 9207 2.4)`, async () => {
    upstream.lies = { answer: { iss } };
    refused(await logIn(), 403, /another provider has answered/);
    assert.deepEqual(tokenRequests(upstream), []);
  });
}

test('403, and the code is shown to nobody, where another provider leads the browser to the honest one (mix-up)', async () => {
  await using evil = await startLyingProvider();
  await using alone = await startAuthorizationServer({ host: 'localhost' });
  const key = await addSubscribedApplication(alone);
  await addOpenIdProvider(alone, upstream);
  await addOpenIdProvider(alone, evil, { name: 'evil' });
  // Neither says who answers, so nothing but the address can tell (RFC 9700 4.4.2.2).
  upstream.lies = { metadata: { authorization_response_iss_parameter_supported: false }, answer: { iss: null } };
  evil.lies = {
    metadata: { authorization_response_iss_parameter_supported: false },
    sendsTo(asked) {
      const honest = new URLSearchParams(asked);
      honest.set('client_id', upstream.clientId);
      honest.set('redirect_uri', `${alone.url}/oauth2/log-in-at/callback/corp`);
      return `${upstream.issuer}/authorize?${honest}`;
    },
  };
  const browser = new Browser(alone.url, upstream.issuer, evil.issuer);
  await browser.go(requestUrl(alone, key));
  await browser.submit({ provider: 'evil' }, /log-in-at"/);
  refused(browser, 403, /was not asked/);
  assert.deepEqual([tokenRequests(evil), tokenRequests(upstream)], [[], []]);
});

test('400, and nothing is asked of the provider, in a browser that has not asked (log-in CSRF)', async () => {
  const { back } = await wayBack();
  const victim = new Browser(server.url);
  await victim.go(back);
  refused(victim, 400, /no log-in that was begun in this browser/);
  // Nor in one that has asked for something else.
  const other = (await wayBack()).browser;
  await other.go(back);
  refused(other, 400, /no log-in that was begun in this browser/);
  assert.deepEqual(tokenRequests(upstream), []);
});

test('a page elsewhere that brings a made-up answer does not end a log-in that is under way', async () => {
  const { browser, back } = await wayBack();
  await browser.go(`${server.url}/oauth2/log-in-at/callback/corp?state=other&code=x`);
  refused(browser, 400, /no log-in that was begun in this browser/);
  await browser.go(back);
  assert.equal(browser.cookies.has(sessionCookie), true);
});

test('400 for an answer that comes once more, and for one of eleven minutes ago', async () => {
  const { browser, back } = await wayBack();
  await browser.go(back);
  assert.equal(browser.cookies.has(sessionCookie), true);
  await browser.go(back);
  assert.equal(browser.page?.status, 400);
  const clock = new ManualClock(Date.now());
  await using late = await startAuthorizationServer({ clock });
  const key = await addSubscribedApplication(late);
  await addOpenIdProvider(late, upstream);
  const slow = new Browser(late.url);
  await slow.go(requestUrl(late, key));
  const away = await slow.submit({ provider: 'corp' }, /log-in-at"/);
  const { headers } = await fetch(away, { redirect: 'manual' });
  clock.advance(601_000);
  await slow.go(headers.get('location') as string);
  refused(slow, 400, /long ago/);
});

test('403 for an answer that was used, where the cookie was copied and the provider takes its codes twice', async () => {
  upstream.lies = { careless: true };
  const { browser, back } = await wayBack();
  const copied = browser.cookies.get(awayCookie) as string;
  await browser.go(back);
  const again = await fetch(back, { redirect: 'manual', headers: { cookie: `${awayCookie}=${copied}` } });
  assert.equal(again.status, 403);
  assert.match(await again.text(), /used already/);
});

test('403 for the code of an attacker in the answer to a victim: by PKCE, and by the nonce where the provider checks no PKCE', async () => {
  for (const careless of [false, true]) {
    upstream.lies = { careless };
    const stolen = new URL((await wayBack()).back).searchParams.get('code') as string;
    const { browser, back } = await wayBack();
    const injected = new URL(back);
    injected.searchParams.set('code', stolen);
    await browser.go(injected);
    refused(browser, 403, careless ? /nonce/ : /does not know us/);
  }
});

test('400 for a form of another browser, and 404 for a provider with which nobody logs in', async () => {
  const browser = new Browser(server.url);
  await browser.go(requestUrl(server, client));
  const interaction = /name="interaction" value="([^"]+)"/.exec(text(browser))?.[1] ?? '';
  const post = (cookie: string, provider: string) =>
    fetch(`${server.url}/oauth2/log-in-at`, {
      method: 'POST',
      redirect: 'manual',
      headers: { cookie },
      body: new URLSearchParams({ interaction, provider }),
    });
  assert.equal((await post('__Host-postern-browser=AAAA', 'corp')).status, 400);
  const own = `__Host-postern-browser=${browser.cookies.get('__Host-postern-browser')}`;
  assert.equal((await post(own, 'nobody')).status, 404);
  assert.equal((await post(own, 'corp')).status, 303);
  await server.store.transaction((tx) => updateIdentityProvider(tx, { ...provider, logIn: false }));
  assert.equal((await post(own, 'corp')).status, 404);
});

test('what the browser takes along is sealed, and is the only cookie that comes with requests of others', async () => {
  const browser = new Browser(server.url);
  await browser.go(requestUrl(server, client));
  const interaction = /name="interaction" value="([^"]+)"/.exec(text(browser))?.[1] ?? '';
  const sent = await fetch(`${server.url}/oauth2/log-in-at`, {
    method: 'POST',
    redirect: 'manual',
    headers: { cookie: `__Host-postern-browser=${browser.cookies.get('__Host-postern-browser')}` },
    body: new URLSearchParams({ interaction, provider: 'corp' }),
  });
  const [cookie = '', ...others] = sent.headers.getSetCookie();
  assert.deepEqual(others, []);
  assert.match(cookie, /^__Host-postern-away=[\w-]+; Path=\/; Secure; HttpOnly; SameSite=None; Max-Age=600$/);
  const state = new URL(sent.headers.get('location') as string).searchParams.get('state') as string;
  assert.equal(Buffer.from(cookie.slice(20, cookie.indexOf(';')), 'base64url').includes(state), false);
  assert.equal(state.length, 43);
});

for (const change of [{ enabled: false }, { logIn: false }] as const) {
  test(`403 for an answer of a provider that was changed to ${JSON.stringify(change)} meanwhile`, async () => {
    const { browser, back } = await wayBack();
    await server.store.transaction((tx) => updateIdentityProvider(tx, { ...provider, ...change }));
    await browser.go(back);
    refused(browser, 403, /nobody logs in with it any more/);
  });
}

test('403 where the provider is switched off while its user is being looked at', async () => {
  const { browser, back } = await wayBack();
  upstream.lies = {
    answers(request) {
      // In time before the answer of user info, which is the last one.
      if (request.url === '/userinfo')
        void server.store.transaction((tx) => updateIdentityProvider(tx, { ...provider, enabled: false }));
      return false;
    },
  };
  await browser.go(back);
  refused(browser, 403, /no longer believed/);
});

test('a federated admin is not the admin here, unless the provider speaks for accounts here', async () => {
  await server.km.users.setRoles('admin', ['admin']);
  upstream.lies = { claims: { sub: 'admin' }, userInfo: { sub: 'admin', name: undefined, email: undefined } };
  const subjectOf = async (): Promise<string> => {
    const browser = await logIn({ prompt: 'consent' });
    const back = await browser.submit({ decision: 'agree' });
    return claimsOf((await exchange(server, client, answerIn(back).get('code') as string)).json.id_token).sub;
  };
  assert.equal(await subjectOf(), 'FEDERATED:corp/admin@carbon.super');
  await server.store.transaction((tx) => updateIdentityProvider(tx, { ...provider, localAccounts: true }));
  assert.equal(await subjectOf(), 'admin@carbon.super');
});

test('403 for an e-mail address as a name, unless the provider has verified it', async () => {
  const byMail = { ...provider, oidc: { ...(provider.oidc as NonNullable<typeof provider.oidc>), nameClaim: 'email' } };
  await server.store.transaction((tx) => updateIdentityProvider(tx, byMail));
  refused(await logIn(), 403, /not verified the e-mail address/);
  upstream.lies = { userInfo: { email_verified: 'true' } };
  refused(await logIn(), 403, /not verified the e-mail address/);
  upstream.lies = { userInfo: { email_verified: true } };
  assert.match(text(await logIn()), /asks for access/);
});

test('an e-mail address counts as verified only where it is said to be: in the id token, or in user info', async () => {
  const byMail = { ...provider, oidc: { ...(provider.oidc as NonNullable<typeof provider.oidc>), nameClaim: 'email' } };
  await server.store.transaction((tx) => updateIdentityProvider(tx, byMail));
  const own = { email: 'boss@corp.example' };
  for (const lies of [
    { claims: { ...own, email_verified: false }, userInfo: { email_verified: true } },
    { claims: own, userInfo: { email: undefined, email_verified: true } },
    { claims: { email_verified: true } },
  ]) {
    upstream.lies = lies;
    refused(await logIn(), 403, /not verified the e-mail address/);
  }
  for (const [lies, name] of [
    [{ claims: own, userInfo: { email_verified: true } }, 'jane'],
    [{ claims: { ...own, email_verified: true }, userInfo: { email_verified: false } }, 'boss'],
  ] as const) {
    upstream.lies = lies;
    assert.match(text(await logIn()), new RegExp(`<strong>${name}@corp.example `));
  }
});

test('what the provider or an attacker says as an error is not on the page', async () => {
  upstream.lies = { answer: { code: null, error: 'access_denied', error_description: 'call 555-1234' } };
  const browser = await logIn();
  refused(browser, 403, /The provider says access_denied|the provider says access_denied/);
  assert.doesNotMatch(text(browser), /555/);
  assert.match(text(browser), /name="password"[\s\S]*Log in with Corp &#38; Co/);
  upstream.lies = { answer: { code: null, error: 'Pay here: https://evil.example' } };
  const other = await logIn();
  refused(other, 403, /that it failed/);
  assert.doesNotMatch(text(other), /evil/);
});

for (const [what, lies] of [
  ['names another issuer', { metadata: { issuer: 'https://other.example' } }],
  ['sends browsers over plain HTTP', { metadata: { authorization_endpoint: 'http://idp.example/authorize' } }],
  ['sends browsers into a script', { metadata: { authorization_endpoint: 'javascript:alert(1)' } }],
  ['is no JSON', { answers: (_: unknown, response: { end(text: string): object }) => Boolean(response.end('<html>')) }],
  [
    'is elsewhere',
    {
      answers: (_: unknown, response: { writeHead(status: number, headers: object): { end(): object } }) =>
        Boolean(response.writeHead(302, { location: '/other' }).end()),
    },
  ],
  [
    'is endless',
    { answers: (_: unknown, response: { end(text: string): object }) => Boolean(response.end('x'.repeat(70_000))) },
  ],
] as const) {
  test(`503 on the page for the log-in where what a provider publishes of itself ${what}`, async () => {
    await using other = await startLyingProvider();
    other.lies = lies as Lies;
    await using alone = await startAuthorizationServer();
    const key = await addSubscribedApplication(alone);
    await addOpenIdProvider(alone, other);
    const browser = new Browser(alone.url);
    await browser.go(requestUrl(alone, key));
    await browser.submit({ provider: 'corp' }, /log-in-at"/);
    refused(browser, 503, /Log-in with corp does not work at the moment; try again later\./);
    assert.match(browser.page?.headers.get('retry-after') ?? '', /^\d+$/);
    // Asked once in a while, however many want to log in.
    await browser.submit({ provider: 'corp' }, /log-in-at"/);
    assert.equal(other.asked.length, 1);
  });
}

for (const named of [true, false]) {
  test(`a provider that signs with a new key is believed once that is published, ${named ? 'with' : 'without'} names of keys`, async () => {
    await using other = await startLyingProvider();
    const clock = new ManualClock(Date.now());
    await using alone = await startAuthorizationServer({ clock });
    const key = await addSubscribedApplication(alone);
    await addOpenIdProvider(alone, other);
    if (!named) other.lies = { header: { kid: undefined } };
    const enter = async (): Promise<Browser> => {
      const browser = new Browser(alone.url, other.issuer);
      await browser.go(requestUrl(alone, key));
      await browser.submit({ provider: 'corp' }, /log-in-at"/);
      return browser;
    };
    assert.match(text(await enter()), /asks for access/);
    await other.changeKey();
    // It was just asked.
    refused(await enter(), 403, /no key of the provider/);
    clock.advance(31_000);
    assert.match(text(await enter()), /asks for access/);
    assert.equal(other.asked.filter(({ path }) => path === '/keys').length, 2);
  });
}

test('503 where a provider is at a private address and those are not to be asked', async () => {
  await using alone = await startAuthorizationServer({ privateAddresses: 'deny' });
  const key = await addSubscribedApplication(alone);
  await addOpenIdProvider(alone, upstream, { description: 'Example Corp' });
  const browser = new Browser(alone.url);
  await browser.go(requestUrl(alone, key));
  await browser.submit({ provider: 'corp' }, /log-in-at"/);
  refused(browser, 503, /Log-in with Example Corp does not work at the moment/);
  assert.deepEqual(upstream.asked, []);
});

test('503 for a flood of answers with one cookie, of which the provider is asked for twenty at a time', async () => {
  const { browser, back } = await wayBack();
  const headers = { cookie: `${awayCookie}=${browser.cookies.get(awayCookie)}` };
  const held: (() => void)[] = [];
  const twenty = Promise.withResolvers<void>();
  let isHeld = true;
  upstream.lies = {
    answers(request, response) {
      if (request.url !== '/token') return false;
      const refuse = () => response.writeHead(400).end('{}');
      if (isHeld) held.push(refuse);
      else refuse();
      if (held.length === 20) twenty.resolve();
      return true;
    },
  };
  const forged = new URL(back);
  forged.searchParams.set('code', 'forged');
  const answers = Array.from({ length: 121 }, () => fetch(forged, { headers, redirect: 'manual' }));
  // The others wait for the provider.
  assert.equal((await Promise.race(answers)).status, 503);
  await twenty.promise;
  isHeld = false;
  for (const refuse of held) refuse();
  const statuses = (await Promise.all(answers)).map(({ status }) => status);
  assert.deepEqual(new Set(statuses), new Set([403, 503]));
  assert.equal(held.length, 20);
});

test('a log-in that has to be a new one: asked for, and refused where the provider does not say that it is', async () => {
  const { asked } = upstream;
  await logIn({ prompt: 'login', login_hint: 'jane@corp.example' });
  const { parameters } = asked.find(({ path }) => path === '/authorize') ?? assert.fail();
  assert.deepEqual(
    ['prompt', 'max_age', 'login_hint', 'tenant'].map((name) => parameters.get(name)),
    ['login', '0', 'jane@corp.example', '1'],
  );
  for (const auth_time of [undefined, now() - 3600, 'now']) {
    upstream.lies = { claims: { auth_time } };
    refused(await logIn({ prompt: 'login' }), 403, /wants you to log in anew/);
  }
});

test('a log-in of which the provider does not say when it was has no auth_time, and is too old for whoever asks', async () => {
  upstream.lies = { claims: { auth_time: undefined } };
  const browser = await logIn({ prompt: 'consent' });
  const back = await browser.submit({ decision: 'agree' });
  const { json } = await exchange(server, client, answerIn(back).get('code') as string);
  const { auth_time, sub, iat } = claimsOf(json.id_token);
  assert.deepEqual([auth_time, sub], [undefined, subject]);
  const none = { scope: 'openid', prompt: 'none', max_age: '999999999' };
  const told = answerIn(await browser.go(requestUrl(server, client, none)));
  assert.equal(told.get('error'), 'login_required');
  await browser.go(`${server.url}/oauth2/account`);
  const since = /since <time datetime="([^"]*)"/.exec(text(browser))?.[1] ?? '';
  assert.ok(Math.abs(Date.parse(since) / 1000 - iat) < 60, since);
  // Somebody else is meant, and the provider lets in nobody but jane.
  const claims = JSON.stringify({ id_token: { sub: { value: 'mary@carbon.super' } } });
  const other = await logIn({ claims }, browser);
  assert.equal(answerIn(other.at).get('error'), 'login_required');
});

test('a log-in that has to be a new one has to be so too after a look at the page for signing up, and back', async () => {
  await using open = await startAuthorizationServer({ host: 'localhost', signUp: 'open' });
  const key = await addSubscribedApplication(open);
  await addOpenIdProvider(open, upstream);
  upstream.lies = { claims: { auth_time: now() - 3600 } };
  for (const parameters of [{ prompt: 'login' }, { prompt: 'create' }, { max_age: '60' }] as Record<string, string>[]) {
    const browser = new Browser(open.url, upstream.issuer);
    await browser.go(requestUrl(open, key, { scope: 'openid', login_hint: 'jane', ...parameters }));
    if (parameters.prompt !== 'create') await browser.submit({ show: 'sign-up' }, /sign-up"/, 'Create an account');
    // Nobody is named so: the page comes once more.
    await browser.submit({ username: '' }, /oauth2\/sign-up"/);
    assert.equal(browser.page?.status, 400);
    await browser.submit({ show: 'log-in' }, /oauth2\/sign-up"/, 'I have an account');
    upstream.asked.length = 0;
    await browser.submit({ provider: 'corp' }, /log-in-at"/);
    const sent = upstream.asked.find(({ path }) => path === '/authorize')?.parameters;
    assert.deepEqual([sent?.get('max_age'), sent?.get('login_hint')], [parameters.max_age ?? '0', 'jane']);
    refused(browser, 403, /wants you to log in anew/);
  }
});

test('max_age: the log-in at the provider counts, which is auth_time of the id token', async () => {
  const then = now() - 300;
  upstream.lies = { claims: { auth_time: then } };
  refused(await logIn({ max_age: '200' }), 403, /wants you to log in anew/);
  const browser = await logIn({ max_age: '400', prompt: 'consent' });
  const back = await browser.submit({ decision: 'agree' });
  const { json } = await exchange(server, client, answerIn(back).get('code') as string);
  assert.equal(claimsOf(json.id_token).auth_time, then);
  // The session is as old as that.
  await browser.go(requestUrl(server, client, { scope: 'openid', max_age: '200' }));
  assert.match(text(browser), /name="password"/);
});
