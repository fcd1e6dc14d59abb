/** OpenID Connect Core 1.0: claims that a client asks for by name, and the user whom it means. */
import assert from 'node:assert/strict';
import { after, before } from 'node:test';
import { updateClient } from '../../src/adapters/stores/clients.ts';
import { Browser } from '../support/browser.ts';
import { addClient } from './authorization-server.ts';
import {
  answerIn,
  claimsOf,
  exchange,
  type LoggedIn,
  loggedIn,
  redirectUri,
  requestUrl,
  startLoggedIn,
  userInfo,
} from './code-flow.ts';
import { type Rule, verify } from './rule.ts';

let subject: LoggedIn;
before(async () => {
  subject = await startLoggedIn({ options: { allowImplicit: true } });
  await subject.server.km.users.create({ name: 'bob', password: 'bobbys', roles: [] });
  const profile = { first_name: 'Mary', last_name: 'Smith', email: 'mary@example.com' };
  const { db } = subject.server.store;
  const { id } = await db.selectFrom('users').select('id').where('name', '=', 'mary').executeTakeFirstOrThrow();
  await subject.server.store.transaction((tx) =>
    tx.db
      .insertInto('user_profiles')
      .values({ user_id: id, ...profile })
      .execute(),
  );
});
after(() => subject.server[Symbol.asyncDispose]());

type Parameters = Record<string, string>;

const ask = ({ server, client, browser }: LoggedIn, claims: unknown, more: Parameters = {}) =>
  browser.go(
    requestUrl(server, client, {
      scope: 'openid',
      claims: typeof claims === 'string' ? claims : JSON.stringify(claims),
      ...more,
    }),
  );

/** What the client is told where no page is shown. */
const told = async (all: LoggedIn, claims: unknown, more: Parameters = {}) => answerIn(await ask(all, claims, more));

async function tokens({ server, client }: LoggedIn, answer: URLSearchParams) {
  const { status, json, text } = await exchange(server, client, answer.get('code') as string);
  assert.equal(status, 200, text);
  return json;
}

const heading = ({ browser }: LoggedIn) => /<h1>(.*)<\/h1>/.exec(browser.page?.text ?? '')?.[1];

const sub = 'mary@carbon.super';

const rules: Rule<LoggedIn>[] = [
  {
    section: '5.5',
    must: 'userinfo: user info gives what is named, and no more; id tokens nothing of it',
    async check(all) {
      const claims = { userinfo: { given_name: null, email: { essential: true }, phone_number: null } };
      const { access_token, id_token } = await tokens(all, await told(all, claims));
      assert.deepEqual(await userInfo(all.server, access_token), {
        given_name: 'Mary',
        email: 'mary@example.com',
        sub,
      });
      assert.equal(claimsOf(id_token).email, undefined);
      const plain = await tokens(all, await told(all, {}));
      assert.deepEqual(await userInfo(all.server, plain.access_token), { sub });
    },
  },
  {
    section: '5.5',
    must: 'id_token: the id token has what is named; user info and access token do not',
    async check(all) {
      const claims = { id_token: { name: null, auth_time: { essential: true } }, extension: { any: 'thing' } };
      const { access_token, id_token } = await tokens(all, await told(all, claims));
      assert.equal(claimsOf(id_token).name, 'Mary Smith');
      assert.equal(typeof claimsOf(id_token).auth_time, 'number');
      assert.equal(claimsOf(access_token).name, undefined);
      assert.deepEqual(await userInfo(all.server, access_token), { sub });
    },
  },
  {
    section: '5.5',
    must: 'beside the claims of the scope; after a refresh too',
    async check(all) {
      const claims = { userinfo: { email: null }, id_token: { email: null } };
      const first = await tokens(all, await told(all, claims, { scope: 'openid profile' }));
      const refresh = async () => {
        const form = { grant_type: 'refresh_token', refresh_token: first.refresh_token };
        return (await all.server.post('/oauth2/token', form, all.client)).json;
      };
      for (const given of [async () => first, refresh]) {
        const { access_token, id_token } = await given();
        const { preferred_username, email } = await userInfo(all.server, access_token);
        assert.deepEqual([preferred_username, email], ['mary', 'mary@example.com']);
        assert.equal(claimsOf(id_token).email, 'mary@example.com');
      }
    },
  },
  {
    section: '5.5.1',
    must: 'value and values: a claim with another value is left out, essential or not, and that is no error',
    async check(all) {
      const right = { email: { values: ['x@example.com', 'mary@example.com'] }, given_name: { value: 'Mary' } };
      const wrong = { name: { value: 'Eve', essential: true }, family_name: { values: [] } };
      const { access_token } = await tokens(all, await told(all, { userinfo: { ...right, ...wrong } }));
      assert.deepEqual(Object.keys(await userInfo(all.server, access_token)).sort(), ['email', 'given_name', 'sub']);
    },
  },
  {
    section: '5.5.1',
    must: 'no claim of the id token is another one than ours, whatever is asked for',
    async check(all) {
      const names = ['iss', 'aud', 'exp', 'nonce', '__proto__', 'constructor', 'azp'];
      const claims = `{"id_token":{${names.map((name) => `"${name}":{"value":"x"}`).join(',')}}}`;
      const token = claimsOf((await tokens(all, await told(all, claims))).id_token);
      assert.deepEqual([token.iss, token.aud], [all.server.issuer, all.client.consumerKey]);
      assert.equal(token.nonce, undefined);
    },
  },
  {
    section: '5.5',
    must: 'the user is asked before the client learns what he has not agreed to; prompt=none: consent_required',
    async check({ server }) {
      const client = await addClient(server, { callbackUrl: redirectUri });
      const all = { server, client, browser: new Browser(server.url) };
      await ask(all, {});
      await all.browser.submit({ username: 'bob', password: 'bobbys' });
      await all.browser.submit({ decision: 'agree' });
      const claims = { userinfo: { email: null } };
      assert.equal((await told(all, claims, { prompt: 'none' })).get('error'), 'consent_required');
      await ask(all, claims);
      assert.match(heading(all) ?? '', /asks for access/);
      assert.match(all.browser.page?.text ?? '', /see your e-mail address/);
      assert.ok(answerIn(await all.browser.submit({ decision: 'agree' })).has('code'));
      assert.ok((await told(all, claims, { prompt: 'none' })).has('code'));
    },
  },
  {
    section: '5.5',
    must: 'an opaque token that is handed out again is none with other claims',
    async check(all) {
      const { server } = all;
      await server.store.transaction((tx) => updateClient(tx, all.client.consumerKey, { token_type: 'OPAQUE' }));
      const browser = await loggedIn(server, all.client);
      const mine = { ...all, browser };
      const plain = await tokens(mine, await told(mine, {}));
      const more = await tokens(mine, await told(mine, { userinfo: { email: null } }));
      const again = await tokens(mine, await told(mine, {}));
      assert.equal(again.access_token, plain.access_token);
      assert.deepEqual(await userInfo(mine.server, plain.access_token), { sub });
      assert.deepEqual(await userInfo(mine.server, more.access_token), { email: 'mary@example.com', sub });
      await server.store.transaction((tx) => updateClient(tx, all.client.consumerKey, { token_type: 'JWT' }));
    },
  },
  {
    section: '5.5',
    must: 'the client is told invalid_request for what is malformed, and for userinfo where no access token is asked for',
    async check(all) {
      const malformed = ['{', '[]', '"x"', 'null', '{"userinfo":[]}', '{"id_token":{"name":"x"}}'].concat([
        '{"id_token":{"name":{"essential":"yes"}}}',
        '{"userinfo":{"name":{"values":"x"}}}',
        JSON.stringify({ userinfo: { name: { value: 'x'.repeat(5000) } } }),
      ]);
      for (const claims of malformed) assert.equal((await told(all, claims)).get('error'), 'invalid_request', claims);
      const more = { response_type: 'id_token', nonce: 'n' };
      assert.equal((await told(all, { userinfo: { name: null } }, more)).get('error'), 'invalid_request');
      const answer = await told(all, { id_token: { name: null } }, more);
      assert.equal(claimsOf(answer.get('id_token') as string).name, 'Mary Smith');
      const pushed = { response_type: 'code', redirect_uri: redirectUri, scope: 'openid', claims: '{' };
      assert.equal((await all.server.post('/oauth2/par', pushed, all.client)).json.error, 'invalid_request');
    },
  },
  {
    section: '5.5',
    must: 'by a pushed request likewise',
    async check(all) {
      const claims = JSON.stringify({ userinfo: { email: null } });
      const form = { response_type: 'code', redirect_uri: redirectUri, scope: 'openid', claims, prompt: 'none' };
      const { request_uri } = (await all.server.post('/oauth2/par', form, all.client)).json;
      const { server, client, browser } = all;
      const query = new URLSearchParams({ client_id: client.consumerKey, request_uri });
      const back = await browser.go(`${server.url}/oauth2/authorize?${query}`);
      const { access_token } = await tokens(all, answerIn(back));
      assert.equal((await userInfo(all.server, access_token)).email, 'mary@example.com');
    },
  },
  {
    section: '5.5.1.1',
    must: 'unmet_authentication_requirements for an essential acr with a value; a voluntary one is no error',
    async check(all) {
      const essential = { id_token: { acr: { essential: true, values: ['urn:mace:incommon:iap:silver'] } } };
      assert.equal((await told(all, essential)).get('error'), 'unmet_authentication_requirements');
      assert.ok((await told(all, { id_token: { acr: { value: 'x' } } })).has('code'));
    },
  },
  {
    section: '3.1.2.2',
    must: 'a sub of the id token, or of id_token_hint: a code if it is who is logged in, else login_required or the page',
    async check(all) {
      const mine = { id_token: { sub: { value: sub } } };
      const { id_token } = await tokens(all, await told(all, mine, { prompt: 'none' }));
      assert.ok((await told(all, {}, { prompt: 'none', id_token_hint: id_token })).has('code'));
      const other = { id_token: { sub: { value: 'bob@carbon.super' } } };
      assert.equal((await told(all, other, { prompt: 'none' })).get('error'), 'login_required');
      const both = { prompt: 'none', id_token_hint: id_token };
      assert.equal((await told(all, other, both)).get('error'), 'login_required');
      assert.equal((await told(all, {}, { id_token_hint: 'x' })).get('error'), 'invalid_request');
      await ask(all, other);
      assert.equal(heading(all), 'Log in');
    },
  },
  {
    section: '3.1.2.2',
    must: 'no token of another user than the client means: login_required for who logs in instead, a code for himself',
    async check(all) {
      const other = { id_token: { sub: { values: ['bob@carbon.super'] } } };
      await ask(all, other, { scope: 'openid' });
      const back = await all.browser.submit({ username: 'mary', password: 'marys' });
      assert.equal(answerIn(back).get('error'), 'login_required');
      await ask(all, other, { scope: 'openid' });
      await all.browser.submit({ username: 'bob', password: 'bobbys' });
      const { id_token } = await tokens(all, answerIn(await all.browser.submit({ decision: 'agree' })));
      assert.equal(claimsOf(id_token).sub, 'bob@carbon.super');
    },
  },
  {
    section: '3.1.2.2',
    must: 'prompt=none from a client that the user has agreed to nothing for: the same answer whoever it means, himself or not',
    async check({ server, client }) {
      const browser = await loggedIn(server, client);
      const known = { server, client, browser };
      const nosy = { ...known, client: await addClient(server, { callbackUrl: redirectUri }) };
      const { id_token: id_token_hint } = await tokens(known, await told(known, {}));
      const means = async (values: string[], more: Parameters = {}) => {
        const answer = await told(nosy, { id_token: { sub: { values } } }, { prompt: 'none', ...more });
        return [answer.get('error'), answer.get('error_description')];
      };
      const another = await means(['bob@carbon.super', 'admin@carbon.super']);
      assert.equal(another[0], 'login_required');
      assert.deepEqual(await means(['bob@carbon.super', sub]), another);
      assert.deepEqual(await means([sub], { id_token_hint }), another);
      // That somebody is there is no secret.
      assert.equal((await told(nosy, {}, { prompt: 'none' })).get('error'), 'consent_required');
    },
  },
  {
    section: '5.5',
    must: 'the metadata say that it is taken',
    async check({ server }) {
      const answer = await fetch(`${server.url}/oauth2/token/.well-known/openid-configuration`);
      assert.equal(((await answer.json()) as Record<string, unknown>).claims_parameter_supported, true);
    },
  },
];

verify('OpenID Connect Core', rules, () => subject);
