/** The authorization code grant of the OAuth 2.0 framework. */
import assert from 'node:assert/strict';
import { after, before } from 'node:test';
import type { ConsumerKey } from '../../src/adapters/key-managers/built-in.ts';
import { updateClient } from '../../src/adapters/stores/clients.ts';
import { ManualClock } from '../../src/platform/clock.ts';
import { Browser } from '../support/browser.ts';
import { type Answer, type AuthorizationServer, addClient } from './authorization-server.ts';
import {
  answerIn,
  claimsOf,
  describe,
  exchange,
  isActive,
  type LoggedIn,
  loggedIn,
  newCode,
  redirectUri,
  refused,
  requestUrl,
  startLoggedIn,
} from './code-flow.ts';
import { type Rule, verify } from './rule.ts';

interface Subject extends LoggedIn {
  readonly clock: ManualClock;
  readonly opaque: ConsumerKey;
  readonly other: ConsumerKey;
}

let subject: Subject;
before(async () => {
  const clock = new ManualClock(Date.now());
  const { server, client, browser } = await startLoggedIn({ clock });
  const opaque = await addClient(server, { callbackUrl: redirectUri, tokenType: 'OPAQUE' });
  await browser.go(requestUrl(server, opaque));
  await browser.submit({ decision: 'agree' });
  subject = { server, clock, client, opaque, other: await addClient(server, { callbackUrl: redirectUri }), browser };
});
after(() => subject.server[Symbol.asyncDispose]());

/** What the client is told. */
const told = async ({ server, client, browser }: Subject, parameters: Record<string, string | null>) =>
  answerIn(await browser.go(requestUrl(server, client, parameters)));

/** What gateways are told to refuse. */
const revoked = async (server: AuthorizationServer) =>
  server.store.db.selectFrom('entities').select('id').where('kind', '=', 'revocation').execute();

const refresh = (server: AuthorizationServer, client: ConsumerKey, tokens: Answer) =>
  server.post('/oauth2/token', { grant_type: 'refresh_token', refresh_token: tokens.json.refresh_token }, client);

const rules: Rule<Subject>[] = [
  {
    section: '3.1',
    must: 'GET and POST are served, unknown parameters ignored, parameters without a value taken as missing',
    async check(all) {
      assert.ok((await told(all, { foo: 'bar', nonce: '' })).has('code'));
      const body = new URL(requestUrl(all.server, all.client)).searchParams;
      const back = await all.browser.go(`${all.server.url}/oauth2/authorize`, { method: 'POST', body });
      assert.ok(answerIn(back).has('code'));
    },
  },
  {
    section: '3.1',
    must: '400 on a page of ours for a repeated parameter',
    async check({ server, client, browser }) {
      for (const more of ['&state=b', '&redirect_uri=https%3A%2F%2Fclient.example%2Fcb']) {
        assert.equal(new URL(await browser.go(requestUrl(server, client) + more)).origin, server.url);
        assert.equal(browser.page?.status, 400);
      }
    },
  },
  {
    section: '3.1',
    must: 'a body may have characters that no address has: the browser comes back with them; 400 and 413 on a page where that can not be',
    async check({ server, client }) {
      const query = requestUrl(server, client, { state: null }).split('?')[1];
      const body = (more: string) => ({
        method: 'POST',
        headers: { 'content-type': 'application/x-www-form-urlencoded' },
        body: `${query}&${more}`,
      });
      const browser = new Browser(server.url);
      await browser.go(`${server.url}/oauth2/authorize`, body('state=größer als 1 €\r\nx: y'));
      const back = answerIn(await browser.submit({ username: 'mary', password: 'marys' }));
      assert.deepEqual([back.get('state'), back.has('code')], ['größer als 1 €\r\nx: y', true]);
      for (const [more, status] of [
        ['state=%', 400],
        [`state=${'x'.repeat(13_000)}`, 413],
      ] as const) {
        const nobody = new Browser(server.url);
        await nobody.go(`${server.url}/oauth2/authorize`, body(more));
        assert.equal(nobody.page?.status, status);
        assert.match(nobody.page?.text ?? '', /<h1>This did not work<\/h1>/);
      }
    },
  },
  {
    section: '3.1.1',
    must: 'the client is told invalid_request without response_type, unsupported_response_type for one that is not served',
    async check(all) {
      assert.equal((await told(all, { response_type: null })).get('error'), 'invalid_request');
      for (const response_type of ['token', 'id_token', 'code token', 'code id_token', 'foo']) {
        const { url, ...rest } = { url: requestUrl(all.server, all.client, { response_type }), ...all };
        assert.equal(answerIn(await rest.browser.go(url)).get('error'), 'unsupported_response_type', response_type);
      }
    },
  },
  {
    section: '4.1.1',
    must: '400 on a page of ours, and nobody is sent anywhere, when the client is unknown, missing or out of use',
    async check({ server, browser }) {
      const inactive = await addClient(server, { callbackUrl: redirectUri });
      await server.store.transaction((tx) => updateClient(tx, inactive.consumerKey, { state: 'INACTIVE' }));
      const unknown = { consumerKey: 'unknown', consumerSecret: '' };
      for (const key of [inactive, unknown, { ...unknown, consumerKey: '' }]) {
        assert.equal(new URL(await browser.go(requestUrl(server, key))).origin, server.url);
        assert.equal(browser.page?.status, 400);
      }
    },
  },
  {
    section: '4.1.2',
    must: 'the answer has the code and the very state of the request, and no state if there was none',
    async check(all) {
      const state = `ü &=?#"'<>${'x'.repeat(1000)}`;
      assert.equal((await told(all, { state })).get('state'), state);
      assert.equal((await told(all, { state: null })).has('state'), false);
    },
  },
  {
    section: '4.1.2',
    must: 'a code has 256 bits, and never comes twice',
    async check({ server, client, browser }) {
      const codes = new Set<string>();
      for (let count = 0; count < 10; count++) codes.add(await newCode(server, client, browser));
      assert.equal(codes.size, 10);
      for (const code of codes) assert.match(code, /^[\w-]{43}$/);
    },
  },
  {
    section: '4.1.2',
    must: '400 invalid_grant when the code has expired, 200 in its last millisecond',
    async check({ server, client, browser, clock }) {
      const last = await newCode(server, client, browser);
      const late = await newCode(server, client, browser);
      // It is counted in whole seconds.
      clock.advance(60_000 - (clock.now() % 1000) - 1);
      assert.equal((await exchange(server, client, last)).status, 200);
      clock.advance(1);
      refused(await exchange(server, client, late), 'invalid_grant');
    },
  },
  {
    section: '4.1.2',
    must: '400 invalid_grant for a code that was used; what it gave is revoked: JWT, opaque and refresh token, and gateways are told',
    async check({ server, client, opaque, browser }) {
      for (const key of [client, opaque]) {
        const code = await newCode(server, key, browser);
        const tokens = await exchange(server, key, code);
        assert.equal(await isActive(server, key, tokens.json.access_token), true);
        const before = new Set<string | null>((await revoked(server)).map((row) => row.id));
        refused(await exchange(server, key, code), 'invalid_grant');
        assert.equal(await isActive(server, key, tokens.json.access_token), false);
        refused(await refresh(server, key, tokens), 'invalid_grant');
        const told = (await revoked(server)).map((row) => row.id).filter((id) => !before.has(id));
        const name = key === client ? (claimsOf(tokens.json.access_token).jti as string) : 'opaque';
        assert.equal(told.length, 1);
        assert.ok(told[0]?.includes(name), String(told[0]));
      }
    },
  },
  {
    section: '4.1.2',
    must: 'a code that comes again also ends what was refreshed since',
    async check({ server, client, browser }) {
      const code = await newCode(server, client, browser);
      const next = await refresh(server, client, await exchange(server, client, code));
      assert.equal(await isActive(server, client, next.json.access_token), true);
      refused(await exchange(server, client, code), 'invalid_grant');
      assert.equal(await isActive(server, client, next.json.access_token), false);
      refused(await refresh(server, client, next), 'invalid_grant');
    },
  },
  {
    section: '4.1.2',
    must: 'of many who present a code at the same time at most one gets tokens, and none that is alive in the end',
    async check({ server, client, opaque, browser }) {
      for (const key of [client, opaque]) {
        const code = await newCode(server, key, browser);
        const answers = await Promise.all(Array.from({ length: 8 }, () => exchange(server, key, code)));
        const given = answers.filter((one) => one.status === 200);
        assert.equal(given.length, 1);
        for (const one of answers) if (one !== given[0]) refused(one, 'invalid_grant');
        const [tokens] = given as [Answer];
        assert.equal(await isActive(server, key, tokens.json.access_token), false);
        refused(await refresh(server, key, tokens), 'invalid_grant');
      }
    },
  },
  {
    section: '4.1.3',
    must: '400 invalid_grant for a code of another client, which stays good for its own',
    async check({ server, client, other, browser }) {
      const code = await newCode(server, client, browser);
      refused(await exchange(server, other, code), 'invalid_grant');
      assert.equal((await exchange(server, client, code)).status, 200);
    },
  },
  {
    section: '4.1.3',
    must: '400 invalid_grant for a redirect_uri other than that of the request, or none; the code is dead then',
    async check({ server, client, browser }) {
      for (const redirect_uri of ['https://client.example/cb2', 'https://CLIENT.example/cb', '']) {
        const code = await newCode(server, client, browser);
        refused(await exchange(server, client, code, { redirect_uri }), 'invalid_grant');
        refused(await exchange(server, client, code), 'invalid_grant');
      }
    },
  },
  {
    section: '4.1.3',
    must: 'a request without redirect_uri is answered to the only one; 400 invalid_grant for the exchange that names it',
    async check({ server, client, browser }) {
      const code = () => newCode(server, client, browser, { redirect_uri: null });
      refused(await exchange(server, client, await code()), 'invalid_grant');
      assert.equal((await exchange(server, client, await code(), { redirect_uri: '' })).status, 200);
    },
  },
  {
    section: '4.1.3',
    must: '401 when the client does not authenticate itself; a client with a secret is no public one',
    async check({ server, client, browser }) {
      const code = await newCode(server, client, browser);
      refused(await exchange(server, null, code), 'invalid_client', 401);
      refused(await exchange(server, null, code, { client_id: client.consumerKey }), 'invalid_client', 401);
      refused(await exchange(server, { ...client, consumerSecret: 'x' }, code), 'invalid_client', 401);
    },
  },
  {
    section: '4.1.3',
    must: '400 invalid_request without a code, 400 invalid_grant for an unknown one',
    async check({ server, client }) {
      refused(await exchange(server, client, ''), 'invalid_request');
      refused(await exchange(server, client, 'unknown'), 'invalid_grant');
    },
  },
  {
    section: '4.1.2.1',
    must: 'the client is told access_denied when the user refuses, with state and issuer',
    async check({ server, other }) {
      const browser = new Browser(server.url);
      await browser.go(requestUrl(server, other));
      await browser.submit({ username: 'mary', password: 'marys' });
      const answer = answerIn(await browser.submit({ decision: 'refuse' }));
      assert.deepEqual(
        [answer.get('error'), answer.get('state'), answer.get('iss'), answer.get('code')],
        ['access_denied', 'a state', server.issuer, null],
      );
    },
  },
  {
    section: '4.1.2.1',
    must: 'the client is told unauthorized_client when it may not use codes, invalid_scope for a malformed scope',
    async check({ server, client, browser }) {
      const key = await addClient(server, { callbackUrl: redirectUri, grantTypes: ['client_credentials'] });
      assert.equal(answerIn(await browser.go(requestUrl(server, key))).get('error'), 'unauthorized_client');
      const url = requestUrl(server, client, { scope: 'a"b' });
      assert.equal(answerIn(await browser.go(url)).get('error'), 'invalid_scope');
    },
  },
  {
    section: '6',
    must: 'no refresh token for a client that may not use the grant',
    async check({ server, browser }) {
      const key = await addClient(server, { callbackUrl: redirectUri, grantTypes: ['authorization_code'] });
      await browser.go(requestUrl(server, key));
      const code = answerIn(await browser.submit({ decision: 'agree' })).get('code') as string;
      const { status, json } = await exchange(server, key, code);
      assert.deepEqual([status, json.refresh_token], [200, undefined]);
    },
  },
  {
    section: '10.5',
    must: '400 invalid_grant when the user’s tokens were revoked since he agreed',
    async check({ server, clock, client }) {
      await server.km.users.create({ name: 'eve', password: 'evesx', roles: [] });
      const browser = await loggedIn(server, client, ['eve', 'evesx']);
      const code = await newCode(server, client, browser);
      await server.km.revoker.revokeSubject('eve@carbon.super');
      clock.advance(2000);
      refused(await exchange(server, client, code), 'invalid_grant');
      // And nobody is logged in any more.
      await browser.go(requestUrl(server, client));
      assert.match(browser.page?.text ?? '', /<h1>Log in<\/h1>/);
    },
  },
  {
    section: '10.5',
    must: 'the store keeps a code as a hash only',
    async check({ server, client, browser }) {
      const code = await newCode(server, client, browser);
      const rows = await server.store.db.selectFrom('authorization_codes').selectAll().execute();
      assert.equal(JSON.stringify(rows).includes(code), false);
    },
  },
  {
    section: '4.1',
    must: 'a client that became a public one presents no code that was given without PKCE',
    async check({ server, client, browser }) {
      const code = await newCode(server, client, browser);
      await describe(server, client, { token_endpoint_auth_method: 'none' });
      refused(await exchange(server, null, code, { client_id: client.consumerKey }), 'invalid_grant');
      await describe(server, client, {});
    },
  },
];

verify('RFC 6749', rules, () => subject);
