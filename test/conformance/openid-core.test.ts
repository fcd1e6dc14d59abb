/** OpenID Connect Core 1.0: log-in as clients ask for it, and what id tokens say of it. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { after, before } from 'node:test';
import { ManualClock } from '../../src/platform/clock.ts';
import { Browser } from '../support/browser.ts';
import {
  answerIn,
  claimsOf,
  exchange,
  type LoggedIn,
  loggedIn,
  redirectUri,
  requestUrl,
  startLoggedIn,
} from './code-flow.ts';
import { type Rule, verify } from './rule.ts';

interface Subject extends LoggedIn {
  readonly clock: ManualClock;
}

let subject: Subject;
before(async () => {
  const clock = new ManualClock(Date.now());
  subject = { ...(await startLoggedIn({ clock })), clock };
});
after(() => subject.server[Symbol.asyncDispose]());

const now = ({ clock }: Subject): number => Math.floor(clock.now() / 1000);

type Parameters = Record<string, string | null>;

const ask = ({ server, client, browser }: Subject, parameters: Parameters = {}) =>
  browser.go(requestUrl(server, client, { scope: 'openid', ...parameters }));

/** What the client is told without a page being shown. */
const told = async (all: Subject, parameters: Parameters = {}) => answerIn(await ask(all, parameters));

const heading = ({ browser }: Subject) => /<h1>(.*)<\/h1>/.exec(browser.page?.text ?? '')?.[1];

const logIn = ({ browser }: Subject) => browser.submit({ username: 'mary', password: 'marys' });

async function tokens(all: Subject, answer: URLSearchParams) {
  const { status, json, text } = await exchange(all.server, all.client, answer.get('code') as string);
  assert.equal(status, 200, text);
  return json;
}

const idToken = async (all: Subject, parameters: Parameters = {}) =>
  claimsOf((await tokens(all, await told(all, parameters))).id_token);

const rules: Rule<Subject>[] = [
  {
    section: '2',
    must: 'an id token has iss, sub, aud and azp (the client), exp, iat, auth_time, and the nonce of the request',
    async check(all) {
      const claims = await idToken(all, { nonce: 'n-0S6_WzA2Mj' });
      const { sid, auth_time, at_hash, ...rest } = claims;
      assert.deepEqual(rest, {
        iss: all.server.issuer,
        sub: 'mary@carbon.super',
        aud: all.client.consumerKey,
        azp: all.client.consumerKey,
        iat: now(all),
        exp: now(all) + 3600,
        amr: ['pwd'],
        nonce: 'n-0S6_WzA2Mj',
      });
      assert.ok(auth_time <= now(all) && typeof sid === 'string' && typeof at_hash === 'string');
      assert.equal((await idToken(all)).nonce, undefined);
    },
  },
  {
    section: '3.1.2.1',
    must: 'without the scope openid there is no id token',
    async check(all) {
      assert.equal((await tokens(all, await told(all, { scope: 'read' }))).id_token, undefined);
    },
  },
  {
    section: '3.1.2.1',
    must: '400 on a page of ours for a request with openid that names no redirect_uri',
    async check(all) {
      await ask(all, { redirect_uri: null });
      assert.equal(all.browser.page?.status, 400);
    },
  },
  {
    section: '3.1.2.1',
    must: 'prompt=none shows no page: login_required, consent_required, or a code',
    async check(all) {
      const { server, client, browser } = all;
      const nobody = new Browser(server.url);
      const url = requestUrl(server, client, { scope: 'openid', prompt: 'none' });
      assert.equal(answerIn(await nobody.go(url)).get('error'), 'login_required');
      assert.equal(nobody.page, null);
      assert.ok((await told(all, { prompt: 'none' })).has('code'));
      const more = requestUrl(server, client, { scope: 'openid device_1', prompt: 'none' });
      assert.equal(answerIn(await browser.go(more)).get('error'), 'consent_required');
    },
  },
  {
    section: '3.1.2.1',
    must: 'the client is told invalid_request for none beside another prompt, an unknown prompt, a max_age that is no number',
    async check(all) {
      for (const parameters of [{ prompt: 'none login' }, { prompt: 'foo' }, { max_age: '-1' }, { max_age: 'x' }]) {
        assert.equal((await told(all, parameters)).get('error'), 'invalid_request', JSON.stringify(parameters));
      }
    },
  },
  {
    section: '3.1.2.1',
    must: 'prompt=login asks again who is logged in; auth_time is that of the new log-in, and the session goes on',
    async check(all) {
      const before = await idToken(all);
      all.clock.advance(5000);
      await ask(all, { prompt: 'login' });
      assert.equal(heading(all), 'Log in');
      const after = claimsOf((await tokens(all, answerIn(await logIn(all)))).id_token);
      assert.deepEqual([after.auth_time, after.sid], [now(all), before.sid]);
    },
  },
  {
    section: '3.1.2.1',
    must: 'prompt=consent asks again who has agreed; prompt=select_account who it is',
    async check(all) {
      await ask(all, { prompt: 'consent', scope: 'openid read profile email' });
      assert.match(heading(all) ?? '', /asks for access/);
      assert.ok(answerIn(await all.browser.submit({ decision: 'agree' })).has('code'));
      await ask(all, { prompt: 'select_account' });
      assert.equal(heading(all), 'Log in');
    },
  },
  {
    section: '3.1.2.4',
    must: 'who agrees to less once more takes back nothing of what he agreed to before',
    async check(all) {
      await ask(all, { prompt: 'consent', scope: 'openid' });
      await all.browser.submit({ decision: 'agree' });
      assert.ok((await told(all, { prompt: 'none', scope: 'openid read profile email' })).has('code'));
    },
  },
  {
    section: '3.1.2.4',
    must: 'who has changed his password is asked again: consent_required without a page',
    async check({ server, client, clock }) {
      await server.km.users.create({ name: 'nora', password: 'noras', roles: [] });
      const browser = await loggedIn(server, client, ['nora', 'noras']);
      const silent = { scope: 'openid', prompt: 'none' };
      assert.ok(answerIn(await browser.go(requestUrl(server, client, silent))).has('code'));
      await browser.go(`${server.url}/oauth2/account`);
      await browser.submit({ old: 'noras', new: 'better', again: 'better' }, /change-password/);
      assert.match(browser.page?.text ?? '', /applications have to ask you again/);
      assert.equal(answerIn(await browser.go(requestUrl(server, client, silent))).get('error'), 'consent_required');
      clock.advance(1000);
    },
  },
  {
    section: '3.1.2.4',
    must: 'who has the name of a user who is gone is asked, and no page that the former one was shown agrees for him',
    async check({ server, client, clock }) {
      const create = (password: string) => server.km.users.create({ name: 'olaf', password, roles: [] });
      await create('olafs');
      const former = await loggedIn(server, client, ['olaf', 'olafs']);
      await former.go(requestUrl(server, client, { scope: 'openid', prompt: 'consent' }));
      await server.km.users.delete('olaf', async (tx, user) => {
        await server.km.revoker.revokeSubject(user.fullName, tx);
      });
      clock.advance(1000);
      await create('other');
      await former.submit({ decision: 'agree' });
      assert.equal(former.page?.status, 403);
      const browser = new Browser(server.url);
      await browser.go(requestUrl(server, client, { scope: 'openid' }));
      await browser.submit({ username: 'olaf', password: 'other' });
      assert.match(browser.page?.text ?? '', /value="agree"/);
    },
  },
  {
    section: '3.1.2.4',
    must: 'what a user agreed to after the second up to which he was revoked stays',
    async check({ server, client, clock }) {
      await server.km.users.create({ name: 'rita', password: 'ritas', roles: [] });
      const second = Math.floor(clock.now() / 1000);
      clock.advance(2000);
      const browser = await loggedIn(server, client, ['rita', 'ritas']);
      const silent = () => browser.go(requestUrl(server, client, { scope: 'openid', prompt: 'none' }));
      await server.km.revoker.revokeSubject('rita@carbon.super', undefined, second);
      assert.ok(answerIn(await silent()).has('code'));
    },
  },
  {
    section: '3.1.2.1',
    must: 'max_age asks again who has logged in longer ago, in whole seconds; 0 always; prompt=none is login_required then',
    async check(all) {
      await ask(all, { max_age: '0' });
      if (heading(all) === 'Log in') await logIn(all);
      all.clock.advance(100_000);
      assert.ok((await told(all, { max_age: '100' })).has('code'));
      all.clock.advance(1000);
      assert.equal((await told(all, { max_age: '100', prompt: 'none' })).get('error'), 'login_required');
      await ask(all, { max_age: '100' });
      assert.equal(heading(all), 'Log in');
      const claims = claimsOf((await tokens(all, answerIn(await logIn(all)))).id_token);
      assert.equal(claims.auth_time, now(all));
    },
  },
  {
    section: '3.1.2.1',
    must: 'login_hint stands in the field for the name, as text',
    async check(all) {
      await ask(all, { prompt: 'login', login_hint: '"><b>mary' });
      assert.match(all.browser.page?.text ?? '', /value="&#34;&#62;&#60;b&#62;mary"/);
    },
  },
  {
    section: '3.1.2.1',
    must: 'what is not served (display, ui_locales, claims_locales, acr_values) is no error',
    async check(all) {
      const more = {
        display: 'popup',
        ui_locales: 'de',
        claims_locales: 'de',
        acr_values: '1',
        id_token_hint: '',
      };
      assert.ok((await told(all, more)).has('code'));
    },
  },
  {
    section: '3.1.2.2',
    must: 'id_token_hint: who is logged in is answered for, however old it is; anybody else is asked, or login_required with prompt=none',
    async check(all) {
      const { server, client, clock } = all;
      await server.km.users.create({ name: 'peter', password: 'peters', roles: [] });
      const id_token_hint = (await tokens(all, await told(all))).id_token;
      clock.advance(4000_000);
      assert.ok((await told(all, { id_token_hint, prompt: 'none' })).has('code'));
      const browser = await loggedIn(server, client, ['peter', 'peters']);
      const url = (prompt: string | null) => requestUrl(server, client, { scope: 'openid', id_token_hint, prompt });
      assert.equal(answerIn(await browser.go(url('none'))).get('error'), 'login_required');
      for (const [username, password, expected] of [
        ['peter', 'peters', 'login_required'],
        ['mary', 'marys', null],
      ] as const) {
        await browser.go(url(null));
        assert.match(browser.page?.text ?? '', /<h1>Log in<\/h1>/);
        const back = answerIn(await browser.submit({ username, password }));
        assert.deepEqual([back.get('error'), back.has('code')], [expected, expected === null]);
      }
    },
  },
  {
    section: '3.1.2.2',
    must: 'id_token_hint: invalid_request for what is no id token of ours',
    async check(all) {
      const own = await tokens(all, await told(all));
      const [head, claims] = own.id_token.split('.');
      for (const id_token_hint of ['x', own.access_token, `${head}.${claims}.`]) {
        assert.equal((await told(all, { id_token_hint })).get('error'), 'invalid_request');
      }
    },
  },
  {
    section: '3.1.2.3',
    must: '401 on the page for a wrong password, and the log-in goes on from there',
    async check(all) {
      await ask(all, { prompt: 'login' });
      await all.browser.submit({ username: 'mary', password: 'wrong' });
      assert.equal(all.browser.page?.status, 401);
      assert.match(all.browser.page?.text ?? '', /role="alert"/);
      assert.ok(answerIn(await logIn(all)).has('code'));
    },
  },
  {
    section: '3.1.2.6',
    must: 'requests in objects and registration on the fly are refused in their own words',
    async check(all) {
      for (const name of ['request', 'request_uri', 'registration']) {
        assert.equal((await told(all, { [name]: 'x' })).get('error'), `${name}_not_supported`);
      }
    },
  },
  {
    section: '3.1.3.6',
    must: 'at_hash is the left half of the access token’s hash',
    async check(all) {
      const { access_token, id_token } = await tokens(all, await told(all));
      const hash = createHash('sha256').update(access_token).digest().subarray(0, 16).toString('base64url');
      assert.equal(claimsOf(id_token).at_hash, hash);
    },
  },
  {
    section: '5.3',
    must: 'user info has the sub of the id token, in JSON; 401 and 403 with a Bearer challenge otherwise',
    async check(all) {
      const { access_token, id_token } = await tokens(all, await told(all));
      const info = (authorization: string, method = 'GET') =>
        fetch(`${all.server.url}/oauth2/userinfo`, { method, headers: { authorization } });
      for (const method of ['GET', 'POST']) {
        const answer = await info(`Bearer ${access_token}`, method);
        assert.deepEqual(await answer.json(), { sub: claimsOf(id_token).sub });
      }
      const plain = await tokens(all, await told(all, { scope: 'read' }));
      for (const [token, status, error] of [
        [plain.access_token, 403, 'insufficient_scope'],
        [id_token, 401, 'invalid_token'],
        ['unknown', 401, 'invalid_token'],
      ] as const) {
        const answer = await info(`Bearer ${token}`);
        assert.equal(answer.status, status);
        assert.match(answer.headers.get('www-authenticate') ?? '', new RegExp(`^Bearer.*error="${error}"`));
      }
    },
  },
  {
    section: '5.4',
    must: 'the scopes profile and email give their claims, and no others do',
    async check(all) {
      const { access_token } = await tokens(all, await told(all, { scope: 'openid profile email' }));
      const answer = await fetch(`${all.server.url}/oauth2/userinfo`, {
        headers: { authorization: `Bearer ${access_token}` },
      });
      const claims = (await answer.json()) as Record<string, string>;
      assert.equal(claims.preferred_username, 'mary');
    },
  },
  {
    section: '12.2',
    must: 'a refreshed id token has the iss, sub, aud, auth_time of the first, a new iat, and no nonce',
    async check(all) {
      const first = await tokens(all, await told(all, { nonce: 'once' }));
      all.clock.advance(3000);
      const form = { grant_type: 'refresh_token', refresh_token: first.refresh_token };
      const { json } = await all.server.post('/oauth2/token', form, all.client);
      const [before, after] = [claimsOf(first.id_token), claimsOf(json.id_token)];
      for (const name of ['iss', 'sub', 'aud', 'azp', 'auth_time', 'sid'])
        assert.equal(after[name], before[name], name);
      assert.deepEqual([after.iat, after.nonce], [now(all), undefined]);
    },
  },
  {
    section: '3.1.2.5',
    must: 'response_mode puts the answer into the query, the fragment, or a form; an unknown one is invalid_request',
    async check(all) {
      assert.match(await ask(all, { response_mode: 'query' }), /cb\?code=/);
      assert.match(await ask(all, { response_mode: 'fragment' }), /cb#code=/);
      await ask(all, { response_mode: 'form_post' });
      assert.ok(all.browser.page?.text.includes(`action="${redirectUri}"`));
      assert.match(all.browser.page?.text ?? '', /name="code"/);
      assert.equal((await told(all, { response_mode: 'foo' })).get('error'), 'invalid_request');
    },
  },
];

verify('OpenID Connect Core', rules, () => subject);
