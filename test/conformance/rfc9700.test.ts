/** Attacks on authorization codes and log-ins that the security practice for OAuth 2.0 names, each refused. */
import assert from 'node:assert/strict';
import { after, before } from 'node:test';
import type { ConsumerKey } from '../../src/adapters/key-managers/built-in.ts';
import { updateClient } from '../../src/adapters/stores/clients.ts';
import { ManualClock } from '../../src/platform/clock.ts';
import { Browser } from '../support/browser.ts';
import { type AuthorizationServer, addClient } from './authorization-server.ts';
import {
  answerIn,
  describe,
  exchange,
  isActive,
  type LoggedIn,
  loggedIn,
  newCode,
  newPkce,
  redirectUri,
  refused,
  requestUrl,
  startLoggedIn,
} from './code-flow.ts';
import { type Rule, verify } from './rule.ts';

interface Subject extends LoggedIn {
  readonly clock: ManualClock;
  /** Of an attacker, who has registered it with the address of his own site. */
  readonly evil: ConsumerKey;
}

let subject: Subject;
before(async () => {
  const clock = new ManualClock(Date.now());
  const open = await startLoggedIn({ clock });
  await open.server.km.users.create({ name: 'eve', password: 'evesx', roles: [] });
  const evil = await addClient(open.server, { callbackUrl: 'https://evil.example/cb' });
  subject = { ...open, clock, evil };
});
after(() => subject.server[Symbol.asyncDispose]());

/** Nobody is sent anywhere for a request with this address; it is answered on a page of ours. */
async function isRefusedHere({ server, client, browser }: Subject, redirect_uri: string): Promise<void> {
  const end = await browser.go(requestUrl(server, client, { redirect_uri }));
  assert.equal(new URL(end).origin, server.url, redirect_uri);
  assert.equal(browser.page?.status, 400, redirect_uri);
  assert.equal(browser.page?.text.includes('code='), false);
}

const register = (server: AuthorizationServer, key: ConsumerKey, callback_url: string) =>
  server.store.transaction((tx) => updateClient(tx, key.consumerKey, { callback_url }));

const field = (browser: Browser) => /name="interaction" value="([^"]+)"/.exec(browser.page?.text ?? '')?.[1] ?? '';

const send = (browser: Browser, url: string, form: Record<string, string>) =>
  browser.go(url, { method: 'POST', body: new URLSearchParams(form) });

const rules: Rule<Subject>[] = [
  {
    section: '2.1',
    must: '400 for every address but the registered one, byte for byte: longer, encoded, other case, user info, port, fragment',
    async check(all) {
      const host = 'https://client.example';
      for (const uri of [
        `${redirectUri}/`,
        `${redirectUri}/more`,
        `${redirectUri}more`,
        `${redirectUri}?a=b`,
        `${redirectUri}?`,
        `${redirectUri}#`,
        `${redirectUri}#a`,
        `${redirectUri}/..`,
        `${redirectUri}/../evil`,
        `${redirectUri}%2f..%2fevil`,
        `${redirectUri};evil`,
        `${redirectUri} `,
        ` ${redirectUri}`,
        `${redirectUri}\n`,
        `${redirectUri}\r\nset-cookie: a=b`,
        `${host}/%63b`,
        `${host}/CB`,
        `${host}//cb`,
        `${host}/./cb`,
        `${host}\\cb`,
        `${host}:443/cb`,
        `${host}:444/cb`,
        `${host}./cb`,
        'https://CLIENT.example/cb',
        'HTTPS://client.example/cb',
        'http://client.example/cb',
        'https://client.example@evil.example/cb',
        'https://evil.example@client.example/cb',
        'https://client.example:x@evil.example/cb',
        'https://client.example.evil.example/cb',
        'https://evil.example/client.example/cb',
        'https://evil.example/cb?https://client.example/cb',
        'https://evil.example\\@client.example/cb',
        'https://sub.client.example/cb',
        '//client.example/cb',
        '/cb',
        'client.example/cb',
        'javascript:alert(1)',
        'data:text/html,a',
        'https://client%2eexample/cb',
        // Letters that look like others, or that a browser makes others of.
        'https://сlient.example/cb',
        'https://ｃlient.example/cb',
        'https://client。example/cb',
        'https://xn--lient-6za.example/cb',
        'https://cli\u00adent.example/cb',
        'https://client.example/ｃb',
        `${redirectUri}\t`,
        'https://client.exa\tmple/cb',
        `${redirectUri}%00`,
        `${redirectUri}%0d%0a`,
        `${redirectUri}%23a`,
        `${redirectUri}%252f..%252fevil`,
        'https:client.example/cb',
        'https:/client.example/cb',
        'https:///client.example/cb',
        'https:\\\\client.example/cb',
        'https://client.example%2f@evil.example/cb',
        'https://client.example%00.evil.example/cb',
        'https://[::ffff:7f00:1]/cb',
        'https://*.example/cb',
        'https://client.example/*',
        '*',
        redirectUri.repeat(2),
        `${redirectUri},https://evil.example/cb`,
        `${redirectUri} https://evil.example/cb`,
      ]) {
        await isRefusedHere(all, uri);
      }
    },
  },
  {
    section: '2.1',
    must: 'the port is free for 127.0.0.1 and [::1] with http, and for nobody else',
    async check(all) {
      const { server, browser } = all;
      const app = await addClient(server, { callbackUrl: redirectUri });
      await describe(server, app, {
        redirect_uris: [
          'http://127.0.0.1/cb',
          'http://[::1]:1/cb',
          'http://localhost/cb',
          'https://127.0.0.1/cb',
          'http://127.0.0.2/cb',
        ],
      });
      const here = { ...all, client: app };
      for (const uri of [
        'http://localhost:8000/cb',
        'https://127.0.0.1:8000/cb',
        'http://127.0.0.2:8000/cb',
        'http://127.0.0.1:8000/cb2',
        'http://127.0.0.1:8000/cb/',
        'http://127.0.0.1:8000/cb?a=b',
        'http://127.0.0.1:8000',
        'http://127.0.0.1:8000@evil.example/cb',
        'http://127.0.0.1:x/cb',
        'http://127.0.0.1:123456/cb',
        'http://127.0.0.1.evil.example/cb',
        'http://127.0.0.1evil.example/cb',
        'http://127.1:8000/cb',
        'http://[::1]evil.example/cb',
        'http://[::2]:1/cb',
      ]) {
        await isRefusedHere(here, uri);
      }
      const uris = ['http://127.0.0.1:8000/cb', 'http://127.0.0.1/cb', 'http://[::1]:65535/cb', 'http://[::1]/cb'];
      await browser.go(requestUrl(server, app, { redirect_uri: redirectUri }));
      await browser.submit({ decision: 'agree' });
      for (const uri of uris) {
        const back = await browser.go(requestUrl(server, app, { redirect_uri: uri }));
        assert.ok(back.startsWith(`${new URL(uri).href}?code=`), back);
      }
    },
  },
  {
    section: '4.1.3',
    must: '400 for patterns and hosts that were registered: they stand for themselves, not for what they would match',
    async check(all) {
      const { server } = all;
      const key = await addClient(server);
      for (const [registered, asked] of [
        ['regexp=(https://client.example/.*|https://b.example/cb)', 'https://client.example/evil'],
        ['regexp=(https://client.example/.*|https://b.example/cb)', 'https://bxexample/cb'],
        ['regexp=https://.*', 'https://evil.example/cb'],
        ['https://*.client.example/cb', 'https://evil.client.example/cb'],
        ['https://client.example/*', 'https://client.example/cb'],
        ['www.client.example', 'www.client.example'],
        ['www.client.example/cb', 'https://www.client.example/cb'],
        ['', ''],
      ] as const) {
        await register(server, key, registered);
        await isRefusedHere({ ...all, client: key }, asked);
      }
      // Not even without being named.
      await register(server, key, 'www.client.example');
      await all.browser.go(requestUrl(server, key, { redirect_uri: null }));
      assert.equal(all.browser.page?.status, 400);
    },
  },
  {
    section: '4.11',
    must: 'no open redirector: refusals, pages and log-in send nobody to an address of an attacker',
    async check({ server, client, browser }) {
      const evil = 'https://evil.example/cb';
      for (const parameters of [
        { redirect_uri: evil, prompt: 'none' },
        { redirect_uri: evil, response_type: 'nothing' },
        { redirect_uri: evil, response_mode: 'form_post' },
        { redirect_uri: evil, scope: '"' },
        { client_id: 'unknown', redirect_uri: evil },
      ]) {
        await browser.go(requestUrl(server, client, parameters));
        assert.equal(browser.page?.status, 400);
        assert.equal(browser.page?.text.includes('evil.example'), false);
      }
    },
  },
  {
    section: '4.11',
    must: 'what the client says stands in the address as text: no parameter, line or host comes of it, and its own query stays',
    async check({ server, client, browser }) {
      const state = 'a&code=b#c\r\nset-cookie: d=e;%00"><script>';
      const back = await browser.go(requestUrl(server, client, { state }));
      assert.deepEqual([answerIn(back).get('state'), answerIn(back).getAll('code').length], [state, 1]);
      const own = 'https://client.example/cb?a=%2F&a=b;c';
      const key = await addClient(server, { callbackUrl: own });
      await browser.go(requestUrl(server, key, { redirect_uri: own, state }));
      const answer = await browser.submit({ decision: 'agree' });
      assert.ok(answer.startsWith(`${own}&code=`), answer);
      assert.equal(new URL(answer).searchParams.get('state'), state);
    },
  },
  {
    section: '2.6',
    must: 'no other site may ask in a browser at the authorization endpoint, its pages or anywhere else (CORS)',
    async check({ server, client }) {
      const headers = {
        origin: 'https://evil.example',
        'access-control-request-method': 'POST',
        'access-control-request-headers': 'authorization',
      };
      const places = ['/oauth2/log-in', '/oauth2/consent', '/oauth2/account', '/oauth2/token', '/oauth2/userinfo'];
      for (const url of [requestUrl(server, client), ...places.map((path) => server.url + path)]) {
        for (const method of ['OPTIONS', 'GET', 'POST']) {
          const answer = await fetch(url, { method, headers, redirect: 'manual' });
          const allowed = [...answer.headers.keys()].filter((name) => name.startsWith('access-control-'));
          assert.deepEqual(allowed, [], `${method} ${url}`);
        }
      }
    },
  },
  {
    section: '4.3.2',
    must: 'no access token stands in an address: not in that of an answer, and in that of a request it is worth nothing',
    async check({ server, client, browser }) {
      const code = await newCode(server, client, browser, { scope: 'openid' });
      const { access_token } = (await exchange(server, client, code)).json;
      const url = `${server.url}/oauth2/userinfo?${new URLSearchParams({ access_token })}`;
      for (const method of ['GET', 'POST']) assert.equal((await fetch(url, { method })).status, 401);
      for (const response_type of ['token', 'id_token', 'code token', 'code id_token', 'id_token token']) {
        const answer = answerIn(await browser.go(requestUrl(server, client, { response_type, nonce: 'n' })));
        assert.deepEqual([answer.get('error'), answer.has('access_token')], ['unsupported_response_type', false]);
      }
      const again = { grant_type: 'authorization_code', code, redirect_uri: redirectUri };
      const inQuery = await fetch(`${server.url}/oauth2/token?${new URLSearchParams(again)}`, { method: 'POST' });
      assert.equal(inQuery.status, 400);
    },
  },
  {
    section: '4.11.2',
    must: 'a client of an attacker gets nobody without a page of ours: who is not logged in sees the log-in, who is sees who asks',
    async check({ server, evil, browser }) {
      const url = requestUrl(server, evil, { redirect_uri: 'https://evil.example/cb' });
      const nobody = new Browser(server.url);
      await nobody.go(url);
      assert.match(nobody.page?.text ?? '', /<h1>Log in<\/h1>/);
      await browser.go(url);
      assert.match(browser.page?.text ?? '', /asks for access/);
    },
  },
  {
    section: '4.2.4',
    must: 'pages leak no address by Referer, load nothing from elsewhere, and are kept by no cache; redirects neither',
    async check({ server, client, browser }) {
      const nobody = new Browser(server.url);
      await nobody.go(requestUrl(server, client));
      await browser.go(requestUrl(server, client, { prompt: 'consent' }));
      const error = new Browser(server.url);
      await error.go(`${server.url}/oauth2/authorize`);
      for (const { headers, text } of [nobody.page, browser.page, error.page].map(
        (page) => page as NonNullable<typeof page>,
      )) {
        assert.equal(headers.get('referrer-policy'), 'no-referrer');
        assert.equal(headers.get('cache-control'), 'no-store');
        assert.match(headers.get('content-security-policy') ?? '', /^default-src 'none'/);
        assert.doesNotMatch(text, /(?:src|href)=/);
      }
      const answer = await fetch(requestUrl(server, client, { prompt: 'none' }), { redirect: 'manual' });
      assert.equal(answer.headers.get('cache-control'), 'no-store');
    },
  },
  {
    section: '4.3.1',
    must: 'a code in a browser’s history is worth nothing once it was exchanged, and neither is the address that a page sent the browser to',
    async check({ server, clock, client, browser }) {
      const code = await newCode(server, client, browser);
      await exchange(server, client, code);
      refused(await exchange(server, client, code), 'invalid_grant');

      await browser.go(requestUrl(server, client, { prompt: 'login consent' }));
      await browser.submit({ username: 'mary', password: 'marys' });
      const afterLogIn = browser.page?.url as string;
      const done = await consented(browser);
      assert.ok(done.includes('&interaction='));
      clock.advance(301_000);
      for (const address of [afterLogIn, done]) {
        await browser.go(address);
        assert.match(browser.page?.text ?? '', /<h1>Log in<\/h1>/, address);
      }
    },
  },
  {
    section: '4.4',
    must: 'mix-up: every answer says who gives it, refusals too; discovery promises it',
    async check({ server, client, browser }) {
      for (const parameters of [{}, { scope: '"' }, { response_mode: 'fragment' }]) {
        const answer = answerIn(await browser.go(requestUrl(server, client, parameters)));
        assert.equal(answer.get('iss'), server.issuer);
      }
      const metadata = await (await fetch(`${server.url}/.well-known/oauth-authorization-server`)).json();
      assert.equal((metadata as Record<string, unknown>).authorization_response_iss_parameter_supported, true);
    },
  },
  {
    section: '4.5',
    must: 'code injection: 400 for a code that another browser’s request was answered with, which lacks its verifier',
    async check({ server, client, browser }) {
      const [victim, attacker] = [newPkce(), newPkce()];
      const stolen = await newCode(server, client, browser, {
        code_challenge: victim.challenge,
        code_challenge_method: 'S256',
      });
      refused(await exchange(server, client, stolen, { code_verifier: attacker.verifier }), 'invalid_grant');
      refused(await exchange(server, client, stolen, { code_verifier: victim.verifier }), 'invalid_grant');
    },
  },
  {
    section: '4.5',
    must: 'client confusion: 400 for a code of another client, which has it of an attacker; it is not used up by that',
    async check({ server, client, evil, browser }) {
      const code = await newCode(server, client, browser);
      refused(await exchange(server, evil, code), 'invalid_grant');
      refused(await exchange(server, evil, code, { client_id: client.consumerKey }), 'invalid_request');
      assert.equal((await exchange(server, client, code)).status, 200);
    },
  },
  {
    section: '4.8.2',
    must: 'PKCE downgrade: 400 for a verifier where the request had no challenge, and for none where it had one',
    async check({ server, client, browser }) {
      const { verifier, challenge } = newPkce();
      const dropped = await newCode(server, client, browser);
      refused(await exchange(server, client, dropped, { code_verifier: verifier }), 'invalid_grant');
      const kept = await newCode(server, client, browser, { code_challenge: challenge, code_challenge_method: 'S256' });
      refused(await exchange(server, client, kept), 'invalid_grant');
    },
  },
  {
    section: '4.8.2',
    must: 'PKCE downgrade: neither method, challenge nor verifier can be weakened, by a public client either',
    async check({ server, client, browser }) {
      const { verifier, challenge } = newPkce();
      const asked = { code_challenge: challenge, code_challenge_method: 'S256' };
      // The challenge of S256 would be its own verifier if the method could be made plain.
      for (const more of [
        { code_challenge_method: null },
        { code_challenge_method: 'plain' },
        { code_challenge: '' },
      ]) {
        const told = answerIn(await browser.go(requestUrl(server, client, { ...asked, ...more })));
        assert.equal(told.get('error'), 'invalid_request', JSON.stringify(more));
      }
      for (const wrong of [challenge, verifier.toUpperCase(), `${verifier}a`, ''] as const) {
        const code = await newCode(server, client, browser, asked);
        const plain = { code_verifier: wrong, code_challenge_method: 'plain', code_challenge: wrong };
        refused(await exchange(server, client, code, plain), 'invalid_grant');
      }
      const app = await addClient(server, { callbackUrl: redirectUri });
      await describe(server, app, { token_endpoint_auth_method: 'none' });
      const told = answerIn(await browser.go(requestUrl(server, app)));
      assert.equal(told.get('error'), 'invalid_request');
    },
  },
  {
    section: '4.15',
    must: 'a client that acts for itself is no user: its token says so, and gives no user info',
    async check({ server, client }) {
      const own = await server.post('/oauth2/token', { grant_type: 'client_credentials', scope: 'openid' }, client);
      const headers = { authorization: `Bearer ${own.json.access_token}` };
      assert.equal((await fetch(`${server.url}/oauth2/userinfo`, { headers })).status, 403);
      const said = await server.post('/oauth2/introspect', { token: own.json.access_token }, client);
      assert.equal(said.json.aut, 'APPLICATION');
    },
  },
  {
    section: '4.14.2',
    must: 'refresh tokens are for the client that they were given to, never widen, and end with the log-out and the password',
    async check({ server, client, evil }) {
      await server.km.users.create({ name: 'rita', password: 'ritas', roles: [] });
      const refresh = (refresh_token: string, as: ConsumerKey | null, more = {}) =>
        server.post('/oauth2/token', { grant_type: 'refresh_token', refresh_token, ...more }, as);
      const begin = async (scope = 'openid read') => {
        const own = await loggedIn(server, client, ['rita', 'ritas']);
        const { json } = await exchange(server, client, await newCode(server, client, own, { scope }));
        return { own, token: json.refresh_token as string };
      };
      const first = await begin();
      refused(await refresh(first.token, evil), 'invalid_grant');
      refused(await refresh(first.token, null, { client_id: client.consumerKey }), 'invalid_client', 401);
      refused(await refresh(first.token, client, { scope: 'openid read email' }), 'invalid_scope');
      await first.own.go(`${server.url}/oidc/logout`);
      await first.own.submit({ decision: 'log-out' });
      refused(await refresh(first.token, client), 'invalid_grant');
      const second = await begin();
      await server.km.revoker.revokeSubject('rita@carbon.super');
      refused(await refresh(second.token, client), 'invalid_grant');
    },
  },
  {
    section: '4.14.2',
    must: 'refresh token replay: 400 for one that comes again later, and everything of the log-in is dead',
    async check({ server, clock, client, browser }) {
      const tokens = await exchange(server, client, await newCode(server, client, browser));
      const form = { grant_type: 'refresh_token', refresh_token: tokens.json.refresh_token };
      const next = await server.post('/oauth2/token', form, client);
      clock.advance(11_000);
      refused(await server.post('/oauth2/token', form, client), 'invalid_grant');
      assert.equal(await isActive(server, client, next.json.access_token), false);
      const further = { grant_type: 'refresh_token', refresh_token: next.json.refresh_token };
      refused(await server.post('/oauth2/token', further, client), 'invalid_grant');
    },
  },
  {
    section: '4.16',
    must: 'clickjacking: no page of ours stands in a frame',
    async check({ server, client, browser }) {
      const nobody = new Browser(server.url);
      await nobody.go(requestUrl(server, client));
      await browser.go(requestUrl(server, client, { prompt: 'consent' }));
      for (const page of [nobody.page, browser.page]) {
        assert.equal(page?.headers.get('x-frame-options'), 'DENY');
        assert.match(page?.headers.get('content-security-policy') ?? '', /frame-ancestors 'none'/);
      }
    },
  },
  {
    section: '4.12',
    must: '303 after a form, so that no password is sent on; a page that a client is sent a form by has no other script',
    async check({ server, client, browser }) {
      const nobody = new Browser(server.url);
      await nobody.go(requestUrl(server, client));
      const answer = await fetch(`${server.url}/oauth2/log-in`, {
        method: 'POST',
        redirect: 'manual',
        headers: { cookie: [...nobody.cookies].map((pair) => pair.join('=')).join('; ') },
        body: new URLSearchParams({ interaction: field(nobody), username: 'mary', password: 'marys' }),
      });
      assert.equal(answer.status, 303);
      await browser.go(
        requestUrl(server, client, { response_mode: 'form_post', state: '"><script>alert(1)</script>' }),
      );
      assert.equal(browser.page?.text.match(/<script>/g)?.length, 1);
      assert.match(browser.page?.headers.get('content-security-policy') ?? '', /script-src 'sha256-/);
    },
  },
  {
    section: '4.7',
    must: 'CSRF: 400 for the form of a page that another browser was shown, at log-in and at consent',
    async check({ server, client, evil, browser }) {
      const attacker = new Browser(server.url);
      await attacker.go(requestUrl(server, client));
      const logIn = field(attacker);
      const victim = new Browser(server.url);
      for (const someone of [victim, browser]) {
        await send(someone, `${server.url}/oauth2/log-in`, { interaction: logIn, username: 'eve', password: 'evesx' });
        assert.equal(someone.page?.status, 400);
        assert.equal(someone.cookies.has('__Host-postern-session') && someone === victim, false);
      }
      const eve = await loggedIn(server, client, ['eve', 'evesx']);
      await eve.go(requestUrl(server, evil, { redirect_uri: 'https://evil.example/cb' }));
      await send(browser, `${server.url}/oauth2/consent`, { interaction: field(eve), decision: 'agree' });
      assert.equal(browser.page?.status, 400);
    },
  },
  {
    section: '4.7',
    must: 'CSRF: 403 for the consent of somebody who has logged in as somebody else meanwhile; 400 for made-up and old forms',
    async check({ server, clock, client, evil }) {
      const shared = await loggedIn(server, client);
      const ask = { redirect_uri: 'https://evil.example/cb' };
      await shared.go(requestUrl(server, evil, ask));
      const shown = field(shared);
      await shared.go(requestUrl(server, client, { prompt: 'login' }));
      await shared.submit({ username: 'eve', password: 'evesx' });
      await send(shared, `${server.url}/oauth2/consent`, { interaction: shown, decision: 'agree' });
      assert.equal(shared.page?.status, 403);

      await shared.go(requestUrl(server, evil, ask));
      const fresh = field(shared);
      for (const interaction of ['x', '', `${fresh.slice(0, -2)}AA`, logInField(shared)]) {
        await send(shared, `${server.url}/oauth2/consent`, { interaction, decision: 'agree' });
        assert.equal(shared.page?.status, 400, interaction);
      }
      clock.advance(1_801_000);
      await send(shared, `${server.url}/oauth2/consent`, { interaction: fresh, decision: 'agree' });
      assert.equal(shared.page?.status, 400);
    },
  },
  {
    section: '4.7',
    must: 'what was decided for one request is not taken for another',
    async check({ server, client, evil, browser }) {
      await browser.go(requestUrl(server, client, { prompt: 'consent' }));
      const done = new URL(await consented(browser)).searchParams.get('interaction') as string;
      const url = requestUrl(server, evil, { redirect_uri: 'https://evil.example/cb' });
      assert.equal(new URL(await browser.go(`${url}&interaction=${encodeURIComponent(done)}`)).origin, server.url);
      assert.match(browser.page?.text ?? '', /asks for access/);
    },
  },
  {
    section: 'session fixation',
    must: 'a log-in gives a new cookie, the one before is worth nothing, whoever’s it was; two cookies are none',
    async check({ server, client }) {
      for (const [username, password] of [
        ['mary', 'marys'],
        ['eve', 'evesx'],
      ] as const) {
        const browser = await loggedIn(server, client);
        const planted = browser.cookies.get('__Host-postern-session') as string;
        await browser.go(requestUrl(server, client, { prompt: 'login' }));
        await browser.submit({ username, password });
        const own = browser.cookies.get('__Host-postern-session') as string;
        assert.notEqual(own, planted);
        assert.equal(await isLoggedIn(server, client, [planted]), false);
        assert.equal(await isLoggedIn(server, client, [planted, own]), false);
        assert.equal(await isLoggedIn(server, client, [own]), true);
      }
    },
  },
  {
    section: 'session fixation',
    must: 'cookies are for this host only, over HTTPS only, for no script, and not sent by forms of other sites',
    async check({ server, client }) {
      const shown = await fetch(requestUrl(server, client));
      const [cookie = ''] = shown.headers.getSetCookie();
      assert.match(cookie, /^__Host-/);
      for (const attribute of ['Path=/', 'Secure', 'HttpOnly', 'SameSite=Lax']) assert.ok(cookie.includes(attribute));
      assert.doesNotMatch(cookie, /Domain/);
    },
  },
];

/** Agrees on the page that is shown, and returns the address of ours that it sends the browser to. */
async function consented(browser: Browser): Promise<string> {
  const { url } = browser.page as NonNullable<typeof browser.page>;
  const answer = await fetch(new URL('/oauth2/consent', url), {
    method: 'POST',
    redirect: 'manual',
    headers: { cookie: [...browser.cookies].map((pair) => pair.join('=')).join('; ') },
    body: new URLSearchParams({ interaction: field(browser), decision: 'agree' }),
  });
  return answer.headers.get('location') ?? assert.fail(await answer.text());
}

/** The field of a page for another purpose, in the same browser: what was sealed for the address. */
const logInField = (browser: Browser): string =>
  new URL(browser.page?.url ?? '').searchParams.get('interaction') ?? 'none';

async function isLoggedIn(server: AuthorizationServer, client: ConsumerKey, sessions: readonly string[]) {
  const cookie = sessions.map((value) => `__Host-postern-session=${value}`).join('; ');
  const answer = await fetch(requestUrl(server, client, { prompt: 'none' }), {
    redirect: 'manual',
    headers: { cookie },
  });
  const error = answerIn(answer.headers.get('location') as string).get('error');
  return error !== 'login_required';
}

verify('RFC 9700', rules, () => subject);
