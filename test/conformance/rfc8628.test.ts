/** The device authorization grant. */
import assert from 'node:assert/strict';
import { after, before } from 'node:test';
import { sweepOnce } from '../../src/key-manager/sweep.ts';
import { ManualClock } from '../../src/platform/clock.ts';
import { Browser } from '../support/browser.ts';
import { type Answer, addClient } from './authorization-server.ts';
import { claimsOf, describe, isActive, type LoggedIn, loggedIn, refused, startLoggedIn } from './code-flow.ts';
import { type Rule, verify } from './rule.ts';

interface Subject extends LoggedIn {
  readonly clock: ManualClock;
}

let subject: Subject;
before(async () => {
  const clock = new ManualClock(Date.now());
  subject = { ...(await startLoggedIn({ clock })), clock };
  await subject.server.km.users.create({ name: 'eve', password: 'evesx', roles: [] });
});
after(() => subject.server[Symbol.asyncDispose]());

const grantType = 'urn:ietf:params:oauth:grant-type:device_code';
const endpoint = '/oauth2/device_authorization';

async function begin({ server, client }: Subject, form: Record<string, string> = {}) {
  const { status, json, text } = await server.post(endpoint, form, client);
  assert.equal(status, 200, text);
  return json as {
    device_code: string;
    user_code: string;
    verification_uri: string;
    verification_uri_complete: string;
    expires_in: number;
    interval: number;
  };
}

const poll = ({ server, client }: Subject, device_code: string): Promise<Answer> =>
  server.post('/oauth2/token', { grant_type: grantType, device_code }, client);

async function decide({ browser }: Subject, codes: { verification_uri_complete: string }, decision = 'agree') {
  await browser.go(codes.verification_uri_complete);
  await browser.submit({ decision });
  return browser.page?.text ?? '';
}

const heading = (browser: Browser) => /<h1>(.*)<\/h1>/.exec(browser.page?.text ?? '')?.[1];

const rules: Rule<Subject>[] = [
  {
    section: '3.1',
    must: '401 for a client that does not authenticate itself, 400 for one without the grant, a malformed scope, repeated parameters',
    async check(all) {
      const { server, client } = all;
      refused(await server.post(endpoint, {}), 'invalid_client', 401);
      refused(await server.post(endpoint, { client_id: client.consumerKey }), 'invalid_client', 401);
      const without = await addClient(server, { grantTypes: ['password'] });
      refused(await server.post(endpoint, {}, without), 'unauthorized_client');
      refused(await server.post(endpoint, { scope: '"' }, client), 'invalid_scope');
      refused(await server.post(endpoint, 'scope=a&scope=b', client), 'invalid_request');
      refused(
        await server.post('/oauth2/token', { grant_type: grantType, device_code: 'x' }, without),
        'unauthorized_client',
      );
    },
  },
  {
    section: '3.2',
    must: '200 with device_code, user_code, verification_uri (complete too), expires_in, interval, not to be cached',
    async check(all) {
      const answer = await all.server.post(endpoint, { scope: 'read' }, all.client);
      const { device_code, user_code, ...rest } = answer.json;
      assert.match(device_code, /^[\w-]{43}$/);
      assert.match(user_code, /^[BCDFGHJKLMNPQRSTVWXZ]{4}-[BCDFGHJKLMNPQRSTVWXZ]{4}$/);
      assert.deepEqual(rest, {
        verification_uri: `${all.server.url}/oauth2/device`,
        verification_uri_complete: `${all.server.url}/oauth2/device?user_code=${user_code}`,
        expires_in: 600,
        interval: 5,
      });
      assert.equal(answer.headers.get('cache-control'), 'no-store');
    },
  },
  {
    section: '3.3',
    must: 'somebody types the code in any case, logs in, sees who asks for what and the code once more, and agrees: 200 with tokens',
    async check(all) {
      const codes = await begin(all, { scope: 'openid read nothing' });
      const browser = new Browser(all.server.url);
      await browser.go(codes.verification_uri);
      assert.equal(heading(browser), 'Let a device in');
      await browser.submit({ user_code: codes.user_code.toLowerCase().replace('-', ' ') });
      assert.equal(heading(browser), 'Log in');
      await browser.submit({ username: 'mary', password: 'wrong' });
      assert.equal(browser.page?.status, 401);
      await browser.submit({ username: 'mary', password: 'marys' });
      assert.match(heading(browser) ?? '', /^DefaultApplication asks for access/);
      for (const shown of [codes.user_code, '<strong>mary</strong>', '<li>read</li>']) {
        assert.ok(browser.page?.text.includes(shown), shown);
      }
      await browser.submit({ decision: 'agree' });
      assert.equal(heading(browser), 'The device is in');
      const { status, json } = await poll(all, codes.device_code);
      assert.deepEqual([status, json.scope, json.token_type], [200, 'openid read', 'Bearer']);
      assert.equal(claimsOf(json.access_token).sub, 'mary@carbon.super');
      assert.equal(claimsOf(json.id_token).sub, 'mary@carbon.super');
      const refresh = { grant_type: 'refresh_token', refresh_token: json.refresh_token };
      assert.equal((await all.server.post('/oauth2/token', refresh, all.client)).status, 200);
    },
  },
  {
    section: '3.3.1',
    must: 'the complete address alone lets nothing in: who follows it has to agree on the page',
    async check(all) {
      const codes = await begin(all);
      await all.browser.go(codes.verification_uri_complete);
      assert.match(heading(all.browser) ?? '', /asks for access/);
      refused(await poll(all, codes.device_code), 'authorization_pending');
    },
  },
  {
    section: '3.4',
    must: '400 invalid_request without a code; invalid_grant for an unknown one and one of another client, which learns nothing',
    async check(all) {
      refused(await all.server.post('/oauth2/token', { grant_type: grantType }, all.client), 'invalid_request');
      refused(await poll(all, 'unknown'), 'invalid_grant');
      const codes = await begin(all);
      const other = { ...all, client: await addClient(all.server) };
      refused(await poll(other, codes.device_code), 'invalid_grant');
      await decide(all, codes);
      refused(await poll(other, codes.device_code), 'invalid_grant');
      assert.equal((await poll(all, codes.device_code)).status, 200);
    },
  },
  {
    section: '3.5',
    must: '400 authorization_pending until somebody decides; slow_down for who asks too soon, five seconds longer each time',
    async check(all) {
      const { device_code } = await begin(all);
      refused(await poll(all, device_code), 'authorization_pending');
      all.clock.advance(4999);
      refused(await poll(all, device_code), 'slow_down');
      all.clock.advance(9999);
      refused(await poll(all, device_code), 'slow_down');
      all.clock.advance(14_999);
      refused(await poll(all, device_code), 'slow_down');
      all.clock.advance(20_000);
      refused(await poll(all, device_code), 'authorization_pending');
    },
  },
  {
    section: '3.5',
    must: '400 access_denied when the user refuses, and it can not be undone',
    async check(all) {
      const codes = await begin(all);
      assert.match(await decide(all, codes, 'refuse'), /The device was refused/);
      refused(await poll(all, codes.device_code), 'access_denied');
      await all.browser.go(codes.verification_uri_complete);
      assert.equal(all.browser.page?.status, 400);
    },
  },
  {
    section: '3.5',
    must: '400 expired_token when the code has expired, whether somebody has agreed or not; who comes too late is told',
    async check(all) {
      const [agreed, open] = [await begin(all), await begin(all)];
      await decide(all, agreed);
      await all.browser.go(open.verification_uri_complete);
      all.clock.advance(600_000);
      refused(await poll(all, agreed.device_code), 'expired_token');
      refused(await poll(all, open.device_code), 'expired_token');
      await all.browser.submit({ decision: 'agree' });
      assert.match(all.browser.page?.text ?? '', /No device waits for this code/);
    },
  },
  {
    section: '3.5',
    must: 'one answer has tokens, however many ask; a code that comes again ends what it gave',
    async check(all) {
      const codes = await begin(all);
      await decide(all, codes);
      const answers = await Promise.all(Array.from({ length: 6 }, () => poll(all, codes.device_code)));
      const given = answers.filter(({ status }) => status === 200);
      assert.equal(given.length, 1);
      assert.equal(await isActive(all.server, all.client, given[0]?.json.access_token), false);
      refused(await poll(all, codes.device_code), 'invalid_grant');
    },
  },
  {
    section: '3.4',
    must: '200 for a public client, which has nothing but its code',
    async check(all) {
      const { server } = all;
      const app = await addClient(server);
      await describe(server, app, { token_endpoint_auth_method: 'none' });
      const { json } = await server.post(endpoint, { client_id: app.consumerKey });
      await decide(all, json);
      const form = { grant_type: grantType, device_code: json.device_code, client_id: app.consumerKey };
      assert.equal((await server.post('/oauth2/token', form)).status, 200);
    },
  },
  {
    section: '5.1',
    must: '429 after ten wrong codes of a user, wherever he comes from, also for a right one; others are not concerned; for ten minutes',
    async check(all) {
      const { server, clock, client } = all;
      const codes = await begin(all);
      const eve = await loggedIn(server, client, ['eve', 'evesx']);
      const status = async (browser: Browser, code: string) => {
        await browser.go(`${server.url}/oauth2/device?user_code=${code}`);
        return browser.page?.status;
      };
      for (let count = 0; count < 10; count++) assert.equal(await status(eve, `BBBBBBB${'BCDFGHJKLM'[count]}`), 400);
      const elsewhere = await loggedIn(server, client, ['eve', 'evesx']);
      for (const browser of [eve, elsewhere]) assert.equal(await status(browser, codes.user_code), 429);
      assert.equal(await status(all.browser, codes.user_code), 200);
      clock.advance(599_000);
      assert.equal(await status(eve, (await begin(all)).user_code), 429);
      clock.advance(1000);
      assert.equal(await status(eve, (await begin(all)).user_code), 200);
    },
  },
  {
    section: '5.1',
    must: 'who has not logged in learns nothing of codes: right and wrong ones lead to the same page',
    async check(all) {
      const { user_code } = await begin(all);
      const titles = await Promise.all(
        [user_code, 'BBBB-BBBB'].map(async (code) => {
          const nobody = new Browser(all.server.url);
          await nobody.go(`${all.server.url}/oauth2/device?user_code=${code}`);
          return [nobody.page?.status, heading(nobody)];
        }),
      );
      assert.deepEqual(titles, [
        [200, 'Log in'],
        [200, 'Log in'],
      ]);
    },
  },
  {
    section: '5.4',
    must: '400 for the form of a page that another browser was shown or that was about something else, 403 after another log-in',
    async check(all) {
      const { server, client, browser } = all;
      const codes = await begin(all);
      const eve = await loggedIn(server, client, ['eve', 'evesx']);
      const send = async (by: Browser, interaction: string, path = 'device-consent') => {
        const body = new URLSearchParams({ interaction, decision: 'agree' });
        await by.go(`${server.url}/oauth2/${path}`, { method: 'POST', body });
        return by.page?.status;
      };
      const field = (of: Browser) => /name="interaction" value="([^"]+)"/.exec(of.page?.text ?? '')?.[1] as string;
      await eve.go(codes.verification_uri_complete);
      const hers = field(eve);
      assert.equal(await send(browser, hers), 400);
      await browser.go(codes.verification_uri_complete);
      assert.equal(await send(browser, field(browser), 'consent'), 400);
      const request = new URLSearchParams({
        response_type: 'code',
        client_id: client.consumerKey,
        redirect_uri: 'https://client.example/cb',
        prompt: 'consent',
        user_code: codes.user_code.replace('-', ''),
      });
      await browser.go(`${server.url}/oauth2/authorize?${request}`);
      assert.equal(await send(browser, field(browser)), 400);
      refused(await poll(all, codes.device_code), 'authorization_pending');
      await server.km.revoker.revokeSubject('eve@carbon.super');
      assert.equal(await send(eve, hers), 403);
    },
  },
  {
    section: '5.5',
    must: 'pages stand in no frame and load nothing; what is typed is text',
    async check({ server, browser }) {
      await browser.go(`${server.url}/oauth2/device?user_code=%22%3E%3Cscript%3E`);
      assert.equal(browser.page?.status, 400);
      assert.doesNotMatch(browser.page?.text ?? '', /<script/);
      assert.match(browser.page?.headers.get('content-security-policy') ?? '', /frame-ancestors 'none'/);
    },
  },
  {
    section: '5.2',
    must: 'codes stand in the store as hashes, and leave it when they are over',
    async check(all) {
      const { server } = all;
      const codes = await begin(all);
      const rows = () => server.store.db.selectFrom('device_codes').selectAll().execute();
      const kept = JSON.stringify(await rows());
      for (const code of [codes.device_code, codes.user_code, codes.user_code.replace('-', '')]) {
        assert.equal(kept.includes(code), false);
      }
      await sweepOnce(server.store, Math.floor(all.clock.now() / 1000) + 601);
      assert.deepEqual(await rows(), []);
    },
  },
  {
    section: '4',
    must: 'metadata name the endpoint and the grant',
    async check({ server }) {
      const metadata = await (await fetch(`${server.url}/.well-known/oauth-authorization-server`)).json();
      const { device_authorization_endpoint, grant_types_supported } = metadata as Record<string, unknown>;
      assert.equal(device_authorization_endpoint, server.url + endpoint);
      assert.ok((grant_types_supported as string[]).includes(grantType));
    },
  },
];

verify('RFC 8628', rules, () => subject);
