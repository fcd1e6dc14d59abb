import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  addClient,
  addSubscribedApplication,
  basic,
  startAuthorizationServer,
} from '../../../test/conformance/authorization-server.ts';
import { revokeClientTokens } from '../../adapters/stores/revocations.ts';
import { ManualClock } from '../../platform/clock.ts';

const path = '/oauth2/token';
const forClient = { grant_type: 'client_credentials' };
const forUser = { grant_type: 'password', username: 'mary', password: 'marys' };

async function start(options = {}) {
  const clock = new ManualClock(1_700_000_000_000);
  const server = await startAuthorizationServer({ clock, options, gatewayHeader: 'x-gateway' });
  await server.km.users.create({ name: 'mary', password: 'marys', roles: [] });
  const client = await addSubscribedApplication(server, 'OPAQUE');
  const ask = async (form: Record<string, string>, by = client) => (await server.post(path, form, by)).json;
  return { clock, server, client, ask, [Symbol.asyncDispose]: () => server[Symbol.asyncDispose]() };
}

test('200 for 200 simultaneous requests, all with the same token', async () => {
  await using s = await start();
  const answers = await Promise.all(Array.from({ length: 200 }, () => s.server.post(path, forClient, s.client)));
  assert.deepEqual(new Set(answers.map((answer) => answer.status)), new Set([200]));
  assert.equal(new Set(answers.map((answer) => answer.json.access_token)).size, 1);
  const rows = await s.server.store.db.selectFrom('access_tokens').select('state').execute();
  assert.deepEqual(
    rows.map((row) => row.state),
    ['ACTIVE'],
  );
});

test('200 simultaneous log-ins of one user get one pair of tokens', async () => {
  await using s = await start();
  await s.ask(forUser, await addClient(s.server));
  const answers = await Promise.all(Array.from({ length: 200 }, () => s.server.post(path, forUser, s.client)));
  assert.deepEqual(new Set(answers.map((answer) => answer.status)), new Set([200]));
  assert.equal(new Set(answers.map(({ json }) => `${json.access_token} ${json.refresh_token}`)).size, 1);
});

test('other scopes, another client, another user, the user instead of the application: other tokens', async () => {
  await using s = await start();
  await s.server.km.users.create({ name: 'john', password: 'johns', roles: [] });
  const asJohn = { ...forUser, username: 'john', password: 'johns' };
  const answers = [
    await s.ask(forClient),
    await s.ask({ ...forClient, scope: 'device_1' }),
    await s.ask({ ...forClient, scope: 'device_2' }),
    await s.ask(forClient, await addClient(s.server, { tokenType: 'OPAQUE' })),
    await s.ask(forUser),
    await s.ask(asJohn),
  ];
  assert.equal(new Set(answers.map((answer) => answer.access_token)).size, 6);
  assert.match(answers[0].access_token, /^[A-Za-z0-9_-]{43}$/);
  assert.equal((await s.ask({ ...forClient, scope: 'device_2 nonsense' })).access_token, answers[2].access_token);
});

test('expires_in of a token that is handed out again is what is left', async () => {
  await using s = await start();
  const first = await s.ask(forClient);
  s.clock.advance(3_598_000);
  const again = await s.ask(forClient);
  assert.equal(again.access_token, first.access_token);
  assert.deepEqual([first.expires_in, again.expires_in], [3600, 2]);
  s.clock.advance(1000);
  const next = await s.ask(forClient);
  assert.notEqual(next.access_token, first.access_token, 'with a second left it is not handed out again');
  assert.equal(next.expires_in, 3600);
  assert.notEqual(await s.server.km.introspect(first.access_token), null, 'but it is accepted to its end');
  s.clock.advance(1000);
  assert.equal(await s.server.km.introspect(first.access_token), null);
});

test('with a skew, a token with no more left than that is not handed out again', async () => {
  await using s = await start({ timestampSkew: 300 });
  const first = await s.ask(forClient);
  assert.equal(first.expires_in, 3300);
  s.clock.advance(3_299_000);
  assert.deepEqual(await s.ask(forClient), { ...first, expires_in: 1 });
  s.clock.advance(1000);
  assert.notEqual((await s.ask(forClient)).access_token, first.access_token);
});

test('a revoked token is not handed out again, also not by a node that remembers it', async () => {
  await using s = await start();
  const first = await s.ask(forClient);
  assert.equal((await s.ask(forClient)).access_token, first.access_token);
  await s.server.post('/oauth2/revoke', { token: first.access_token }, s.client);
  const second = await s.ask(forClient);
  assert.notEqual(second.access_token, first.access_token);
  assert.equal((await s.ask(forClient)).access_token, second.access_token);
  // As another node would do it.
  const { store } = s.server;
  await store.transaction((tx) => revokeClientTokens(tx, 'anybody', s.client.consumerKey, s.clock.now() / 1000));
  s.clock.advance(1000);
  assert.notEqual((await s.ask(forClient)).access_token, second.access_token);
});

test('a new access token keeps the refresh token, as long as that is of use', async () => {
  await using s = await start({ refreshTokenValidity: 7200 });
  const first = await s.ask(forUser);
  assert.deepEqual(await s.ask(forUser), first);
  s.clock.advance(3_600_000);
  const second = await s.ask(forUser);
  assert.notEqual(second.access_token, first.access_token);
  assert.equal(second.refresh_token, first.refresh_token);
  s.clock.advance(3_599_000);
  assert.notEqual((await s.ask(forUser)).refresh_token, first.refresh_token);
});

test('a refresh gives a fresh access token, which is the one that is handed out from then on', async () => {
  await using s = await start();
  const first = await s.ask(forUser);
  const next = await s.ask({ grant_type: 'refresh_token', refresh_token: first.refresh_token });
  assert.notEqual(next.access_token, first.access_token);
  assert.deepEqual(await s.ask(forUser), next);
  assert.equal(await s.server.km.introspect(first.access_token), null);
});

test('without revokeOnRefresh the old access token is accepted until it expires', async () => {
  await using s = await start({ revokeOnRefresh: false });
  const first = await s.ask(forUser);
  const next = await s.ask({ grant_type: 'refresh_token', refresh_token: first.refresh_token });
  assert.notEqual(next.access_token, first.access_token);
  assert.notEqual(await s.server.km.introspect(first.access_token), null);
  await s.server.post('/oauth2/revoke', { token: next.refresh_token }, s.client);
  for (const token of [first, next]) assert.equal(await s.server.km.introspect(token.access_token), null);
});

test('a narrower log-in does not get the refresh token of a wider one', async () => {
  await using s = await start();
  const wide = await s.ask({ ...forUser, scope: 'read device_1' });
  const form = { grant_type: 'refresh_token', refresh_token: wide.refresh_token, scope: 'read' };
  const narrowed = await s.ask(form);
  const login = await s.ask({ ...forUser, scope: 'read' });
  assert.equal(login.access_token, narrowed.access_token);
  assert.notEqual(login.refresh_token, narrowed.refresh_token);
  const next = await s.ask({ grant_type: 'refresh_token', refresh_token: login.refresh_token });
  assert.equal(next.scope, 'read');
});

test('introspection of the token of a user says so', async () => {
  await using s = await start();
  const { access_token: token } = await s.ask(forUser);
  const answer = await s.server.post('/oauth2/introspect', { token }, null, {
    authorization: basic(s.client.consumerKey, s.client.consumerSecret),
  });
  assert.deepEqual([answer.json.aut, answer.json.sub], ['APPLICATION_USER', 'mary@carbon.super']);
});

test('only a gateway is told that a token is over; a revoked one is merely not active', async () => {
  await using s = await start();
  const server = s.server;
  const { access_token: token } = await s.ask({ ...forClient, validity_period: '60' });
  const { access_token: revoked } = await s.ask({ ...forClient, validity_period: '60', scope: 'device_x' });
  await server.post('/oauth2/revoke', { token: revoked }, s.client);
  s.clock.advance(60_000);
  const gateway = { 'x-gateway': 'yes' };
  const ask = async (asked: string, by: typeof s.client | null, headers = {}) =>
    (await server.post('/oauth2/introspect', { token: asked }, by, headers)).json;
  assert.deepEqual(await ask(token, s.client), { active: false });
  assert.deepEqual(await ask(token, null, gateway), { active: false, expired: true });
  assert.deepEqual(await ask(revoked, null, gateway), { active: false });
  assert.deepEqual(await ask('unknown', null, gateway), { active: false });
});

/** Two log-ins of one user that share an access token, though their refresh tokens are of different families. */
async function share(options = {}) {
  const s = await start(options);
  const active = async (token: string) => (await s.server.km.introspect(token)) !== null;
  const refresh = (token: string, scope = '') => s.ask({ grant_type: 'refresh_token', refresh_token: token, scope });
  const revoke = (token: string) => s.server.post('/oauth2/revoke', { token }, s.client);
  const wide = await s.ask({ ...forUser, scope: 'read device_1' });
  const narrowed = await refresh(wide.refresh_token, 'read');
  const login = await s.ask({ ...forUser, scope: 'read' });
  assert.equal(login.access_token, narrowed.access_token);
  return { ...s, active, refresh, revoke, wide, narrowed, login };
}

for (const which of ['narrowed', 'login'] as const) {
  test(`an access token of two sessions dies with either: ${which}`, async () => {
    await using s = await share();
    const other = which === 'login' ? s.narrowed : s.login;
    assert.equal((await s.revoke(s[which].refresh_token)).status, 200);
    assert.equal(await s.active(s.login.access_token), false);
    assert.equal((await s.refresh(s[which].refresh_token)).error, 'invalid_grant');
    const next = await s.refresh(other.refresh_token, 'read');
    assert.equal(await s.active(next.access_token), true, 'the other session goes on with a new one');
  });
}

test('an access token of two sessions that is revoked itself ends both', async () => {
  await using s = await share();
  await s.revoke(s.login.access_token);
  for (const session of [s.narrowed, s.login]) {
    assert.equal((await s.refresh(session.refresh_token)).error, 'invalid_grant');
  }
});

test('a refresh revokes its old access token, also if a later log-in got the same', async () => {
  await using s = await share();
  await s.refresh(s.narrowed.refresh_token);
  assert.equal(await s.active(s.narrowed.access_token), false);
  assert.equal((await s.refresh(s.login.refresh_token)).scope, 'read');
});
