/** Pushed authorization requests. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { after, before, test } from 'node:test';
import type { ConsumerKey } from '../../src/adapters/key-managers/built-in.ts';
import { removeExpiredPushed } from '../../src/adapters/stores/pushed-requests.ts';
import { ManualClock } from '../../src/platform/clock.ts';
import { Browser } from '../support/browser.ts';
import {
  type Answer,
  type AuthorizationServer,
  addClient,
  setMetadata,
  startAuthorizationServer,
} from './authorization-server.ts';
import { type Rule, verify } from './rule.ts';
import { assertion, newKey } from './signing-client.ts';

interface Subject {
  readonly server: AuthorizationServer;
  readonly client: ConsumerKey;
}

const callbackUrl = 'https://client.example/cb';
const verifier = 'v'.repeat(43);
const request = {
  response_type: 'code',
  redirect_uri: callbackUrl,
  scope: 'openid',
  state: 'state-1',
  code_challenge: createHash('sha256').update(verifier).digest('base64url'),
  code_challenge_method: 'S256',
};

async function start(options: Parameters<typeof startAuthorizationServer>[0] = {}): Promise<Subject> {
  const server = await startAuthorizationServer(options);
  await server.km.users.create({ name: 'mary', password: 'marys', roles: [] });
  return { server, client: await addClient(server, { callbackUrl }) };
}

let subject: Subject;
before(async () => {
  subject = await start();
});
after(() => subject.server[Symbol.asyncDispose]());

const push = ({ server, client }: Subject, form: Record<string, string> = {}): Promise<Answer> =>
  server.post('/oauth2/par', { ...request, ...form }, client);

async function pushed(s: Subject, form: Record<string, string> = {}): Promise<string> {
  const answer = await push(s, form);
  assert.equal(answer.status, 201, answer.text);
  return answer.json.request_uri;
}

const addressOf = ({ server, client }: Subject, uri: string, more: Record<string, string> = {}): string =>
  `${server.url}/oauth2/authorize?${new URLSearchParams({ client_id: client.consumerKey, request_uri: uri, ...more })}`;

/** To where the browser is sent, after a log-in and consent where they are asked for. */
async function goThrough(s: Subject, browser: Browser, address: string): Promise<URL> {
  let place = await browser.go(address);
  if (browser.page?.text.includes('<h1>Log in</h1>')) {
    place = await browser.submit({ username: 'mary', password: 'marys' });
  }
  if (place.startsWith(s.server.url)) place = await browser.submit({ decision: 'agree' });
  return new URL(place);
}

function refused(answer: Answer, status: number, error: string): void {
  assert.deepEqual([answer.status, answer.json.error], [status, error], answer.text);
}

/** The page that tells why nothing goes on. */
async function shown(s: Subject, address: string, browser = new Browser(s.server.url)): Promise<string> {
  await browser.go(address);
  assert.equal(browser.page?.status, 400);
  return browser.page?.text ?? '';
}

const rules: Rule<Subject>[] = [
  {
    section: '2.2',
    must: '201 with request_uri and expires_in, not to be stored',
    async check(s) {
      const answer = await push(s);
      assert.equal(answer.status, 201);
      assert.match(answer.json.request_uri, /^urn:ietf:params:oauth:request_uri:[\w-]{43}$/);
      assert.equal(answer.json.expires_in, 60);
      assert.match(answer.headers.get('cache-control') ?? '', /no-store/);
      assert.notEqual((await push(s)).json.request_uri, answer.json.request_uri);
    },
  },
  {
    section: '2.1',
    must: '401 for a wrong secret or no client; the methods are those of the token endpoint',
    async check(s) {
      const wrong = { ...s.client, consumerSecret: 'wrong' };
      refused(await push({ ...s, client: wrong }), 401, 'invalid_client');
      refused(await s.server.post('/oauth2/par', request), 401, 'invalid_client');
      const key = await newKey();
      const signing = await addClient(s.server, { callbackUrl });
      const metadata = { token_endpoint_auth_method: 'private_key_jwt', jwks: { keys: [key.jwk] } };
      await setMetadata(s.server, signing, metadata);
      for (const audience of [s.server.issuer, `${s.server.url}/oauth2/token`, `${s.server.url}/oauth2/par`]) {
        const form = { ...request, ...(await assertion(key, signing.consumerKey, audience)) };
        assert.equal((await s.server.post('/oauth2/par', form)).status, 201, audience);
      }
      const open = await addClient(s.server, { callbackUrl });
      await setMetadata(s.server, open, { token_endpoint_auth_method: 'none' });
      const form = { ...request, client_id: open.consumerKey };
      assert.equal((await s.server.post('/oauth2/par', form)).status, 201);
    },
  },
  {
    section: '2.1',
    must: '400 for a request_uri, and 400 for a client_id of somebody else',
    async check(s) {
      refused(await push(s, { request_uri: await pushed(s) }), 400, 'invalid_request');
      refused(await push(s, { client_id: 'somebody' }), 400, 'invalid_request');
    },
  },
  {
    section: '2.1',
    must: 'the request is checked as at the authorization endpoint',
    async check(s) {
      refused(await push(s, { redirect_uri: 'https://evil.example/' }), 400, 'invalid_request');
      refused(await push(s, { response_type: 'token' }), 400, 'unsupported_response_type');
      refused(await push(s, { code_challenge_method: 'plain' }), 400, 'invalid_request');
      refused(await push(s, { prompt: 'none login' }), 400, 'invalid_request');
      refused(await push(s, { request: 'e30.e30.' }), 400, 'request_not_supported');
      refused(await push(s, { response_mode: 'jwt' }), 400, 'invalid_request');
    },
  },
  {
    section: '2.3',
    must: '405 for GET, 413 for a request that is too long, 400 for a repeated parameter',
    async check(s) {
      assert.equal((await fetch(`${s.server.url}/oauth2/par`)).status, 405);
      refused(await push(s, { state: 'x'.repeat(20_000) }), 413, 'invalid_request');
      const twice = `${new URLSearchParams(request)}&state=b`;
      refused(await s.server.post('/oauth2/par', twice, s.client), 400, 'invalid_request');
    },
  },
  {
    section: '4',
    must: 'the browser is sent back with a code for what was pushed, through log-in and consent; the query adds nothing',
    async check(s) {
      const browser = new Browser(s.server.url);
      const more = { scope: 'email', state: 'evil', redirect_uri: 'https://evil.example/', prompt: 'none' };
      const back = await goThrough(s, browser, addressOf(s, await pushed(s), more));
      assert.equal(back.origin + back.pathname, callbackUrl);
      assert.deepEqual([back.searchParams.get('state'), back.searchParams.get('iss')], ['state-1', s.server.issuer]);
      const code = back.searchParams.get('code') ?? '';
      const form = { grant_type: 'authorization_code', code, redirect_uri: callbackUrl, code_verifier: verifier };
      const answer = await s.server.post('/oauth2/token', form, s.client);
      assert.deepEqual([answer.status, answer.json.scope], [200, 'openid'], answer.text);
    },
  },
  {
    section: '4',
    must: '400 on a page when it was answered already, also at the same time',
    async check(s) {
      const browser = new Browser(s.server.url);
      await goThrough(s, browser, addressOf(s, await pushed(s)));
      const uri = await pushed(s);
      const places = await Promise.all([1, 2, 3].map(() => browser.go(addressOf(s, uri)).catch(String)));
      assert.equal(places.filter((place) => place.includes('code=')).length, 1, places.join());
      assert.match(await shown(s, addressOf(s, uri), browser), /answered already/);
    },
  },
  {
    section: '4',
    must: '400 on a page for another client, for none, and for an unknown name',
    async check(s) {
      const uri = await pushed(s);
      const other = await addClient(s.server, { callbackUrl });
      assert.match(await shown({ ...s, client: other }, addressOf({ ...s, client: other }, uri)), /no such request/);
      const noClient = `${s.server.url}/oauth2/authorize?${new URLSearchParams({ request_uri: uri })}`;
      assert.match(await shown(s, noClient), /client_id/);
      assert.match(await shown(s, addressOf(s, `${uri.slice(0, -1)}!`)), /no such request/);
    },
  },
  {
    section: '7.1',
    must: 'what stands in the store leads to no request_uri, and holds no credentials of the client',
    async check(s) {
      const { consumerKey, consumerSecret } = s.client;
      const form = { ...request, client_id: consumerKey, client_secret: consumerSecret };
      const answer = await s.server.post('/oauth2/par', form);
      assert.equal(answer.status, 201);
      const rows = JSON.stringify(await s.server.store.db.selectFrom('pushed_requests').selectAll().execute());
      assert.ok(rows.includes('state-1'));
      assert.ok(!rows.includes(consumerSecret) && !rows.includes(answer.json.request_uri.slice(-43)));
    },
  },
  {
    section: '5, 6',
    must: 'metadata name the endpoint; a client that has to push is refused otherwise',
    async check(s) {
      const metadata = (await (await fetch(`${s.server.url}/.well-known/oauth-authorization-server`)).json()) as Record<
        string,
        unknown
      >;
      assert.equal(metadata.pushed_authorization_request_endpoint, `${s.server.url}/oauth2/par`);
      assert.equal(metadata.require_pushed_authorization_requests, false);
      const strict = await addClient(s.server, { callbackUrl });
      await setMetadata(s.server, strict, { require_pushed_authorization_requests: true });
      const asStrict = { ...s, client: strict };
      const parameters = new URLSearchParams({ ...request, client_id: strict.consumerKey });
      const direct = new URL(await new Browser(s.server.url).go(`${s.server.url}/oauth2/authorize?${parameters}`));
      assert.equal(direct.searchParams.get('error'), 'invalid_request');
      const back = await goThrough(s, new Browser(s.server.url), addressOf(asStrict, await pushed(asStrict)));
      assert.ok(back.searchParams.get('code'));
    },
  },
];

verify('RFC 9126', rules, () => subject);

test('400 on a page after 60 s; but whoever came in time may take his time to log in', async () => {
  const clock = new ManualClock(Date.now());
  const s = await start({ clock });
  await using _server = s.server;
  const [late, inTime] = [await pushed(s), await pushed(s)];
  const browser = new Browser(s.server.url);
  await browser.go(addressOf(s, inTime));
  clock.advance(61_000);
  assert.match(await shown(s, addressOf(s, late)), /too old/);
  clock.advance(1_500_000);
  await browser.submit({ username: 'mary', password: 'wrong' });
  await browser.submit({ username: 'mary', password: 'marys' });
  clock.advance(600_000);
  const back = new URL(await browser.submit({ decision: 'agree' }));
  assert.ok(back.searchParams.get('code'), back.href);
  const now = Math.floor(clock.now() / 1000);
  const remove = (at: number) => s.server.store.transaction(({ db }) => removeExpiredPushed(db, at, 10));
  assert.equal(await remove(now), 0);
  assert.equal(await remove(now + 3600), 2);
});

test('503 when too many requests of a public client are kept, for anybody can push for it; others are served', async () => {
  const s = await start();
  await using server = s.server;
  await setMetadata(server, s.client, { token_endpoint_auth_method: 'none' });
  const expires_at = Math.floor(Date.now() / 1000) + 60;
  const { consumerKey: consumer_key } = s.client;
  const rows = Array.from({ length: 10_000 }, (_, at) => ({
    id_hash: `${at}`,
    consumer_key,
    parameters: '',
    expires_at,
  }));
  await server.store.transaction(async ({ db }) => {
    for (let at = 0; at < rows.length; at += 500) {
      const some = rows.slice(at, at + 500).map((row) => ({ ...row, state: 'ACTIVE' as const }));
      await db.insertInto('pushed_requests').values(some).execute();
    }
  });
  const publicly = () => server.post('/oauth2/par', { ...request, client_id: consumer_key }, null);
  const answer = await publicly();
  refused(answer, 503, 'temporarily_unavailable');
  assert.equal(answer.headers.get('retry-after'), '60');
  const other = await addClient(server, { callbackUrl });
  assert.equal((await server.post('/oauth2/par', request, other)).status, 201);
  await server.store.transaction(({ db }) => removeExpiredPushed(db, expires_at + 3601, 1));
  assert.equal((await publicly()).status, 201);
});

test('each client has to push where the option says so', async () => {
  const s = await start({ options: { requirePushedRequests: true } });
  await using _server = s.server;
  const parameters = new URLSearchParams({ ...request, client_id: s.client.consumerKey });
  const direct = new URL(await new Browser(s.server.url).go(`${s.server.url}/oauth2/authorize?${parameters}`));
  assert.match(direct.searchParams.get('error_description') ?? '', /pushed/);
  const back = await goThrough(s, new Browser(s.server.url), addressOf(s, await pushed(s)));
  assert.ok(back.searchParams.get('code'));
});
