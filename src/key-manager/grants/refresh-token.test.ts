import assert from 'node:assert/strict';
import { test } from 'node:test';
import { addSubscribedApplication, startAuthorizationServer } from '../../../test/conformance/authorization-server.ts';
import { updateSubscription } from '../../adapters/stores/subscriptions.ts';
import { ManualClock } from '../../platform/clock.ts';

const path = '/oauth2/token';
const forUser = { grant_type: 'password', username: 'mary', password: 'marys', scope: 'read update device_1' };

async function start(options = {}) {
  const clock = new ManualClock(1_700_000_000_000);
  const server = await startAuthorizationServer({ clock, options });
  await server.km.users.create({ name: 'mary', password: 'marys', roles: ['editor'] });
  const client = await addSubscribedApplication(server);
  const login = async () => (await server.post(path, forUser, client)).json;
  const refresh = (token: string, scope = '') =>
    server.post(path, { grant_type: 'refresh_token', refresh_token: token, scope }, client);
  const active = async (token: string) => (await server.km.introspect(token)) !== null;
  const revocations = async () => {
    const rows = await server.store.db.selectFrom('entities').select('id').where('kind', '=', 'revocation').execute();
    return rows.length;
  };
  return {
    clock,
    server,
    client,
    login,
    refresh,
    active,
    revocations,
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

test('simultaneous refreshes with one token get one successor', async () => {
  await using s = await start();
  const { refresh_token } = await s.login();
  const answers = await Promise.all(Array.from({ length: 20 }, () => s.refresh(refresh_token)));
  assert.deepEqual(new Set(answers.map((answer) => answer.status)), new Set([200]));
  assert.equal(new Set(answers.map((answer) => answer.json.refresh_token)).size, 1);
  for (const answer of answers) assert.equal(await s.active(answer.json.access_token), true);
});

test('200 with the same successor for a used token within 10 s, while the successor is unused', async () => {
  await using s = await start();
  const { refresh_token } = await s.login();
  const first = await s.refresh(refresh_token);
  s.clock.advance(10_000);
  const again = await s.refresh(refresh_token);
  assert.equal(again.status, 200);
  assert.equal(again.json.refresh_token, first.json.refresh_token);
  assert.equal((await s.refresh(first.json.refresh_token)).status, 200);
});

test('400 and the family is revoked when a used token comes again after 10 s', async () => {
  await using s = await start();
  const { refresh_token } = await s.login();
  const next = (await s.refresh(refresh_token)).json;
  s.clock.advance(10_001);
  const answer = await s.refresh(refresh_token);
  assert.deepEqual([answer.status, answer.json.error], [400, 'invalid_grant']);
  assert.equal(await s.active(next.access_token), false);
  assert.equal((await s.refresh(next.refresh_token)).json.error, 'invalid_grant');
  assert.equal(await s.revocations(), 2, 'the first access token by the refresh, the second by the reuse');
});

test('400 and the family is revoked when a used token comes again after its successor was used', async () => {
  await using s = await start();
  const { refresh_token } = await s.login();
  const second = (await s.refresh(refresh_token)).json;
  const third = (await s.refresh(second.refresh_token)).json;
  assert.equal((await s.refresh(refresh_token)).status, 400);
  assert.equal(await s.active(third.access_token), false);
  assert.equal((await s.refresh(third.refresh_token)).status, 400);
});

test('a family ends at the grant that it came from', async () => {
  await using s = await start();
  const [first, other] = [await s.login(), await s.login()];
  await s.refresh(first.refresh_token);
  s.clock.advance(10_001);
  await s.refresh(first.refresh_token);
  assert.equal(await s.active(other.access_token), true);
  assert.equal((await s.refresh(other.refresh_token)).status, 200);
});

test('a refresh revokes the old access token and tells gateways, in the same transaction', async () => {
  await using s = await start();
  const first = await s.login();
  const commits: number[] = [];
  s.server.store.changes.onCommit((changes) => commits.push(changes.length));
  const next = (await s.refresh(first.refresh_token)).json;
  assert.deepEqual([await s.active(first.access_token), await s.active(next.access_token)], [false, true]);
  assert.deepEqual(commits, [1]);
});

test('with revokeOnRefresh off, the old access token lives on and no gateway is told', async () => {
  await using s = await start({ revokeOnRefresh: false });
  const first = await s.login();
  await s.refresh(first.refresh_token);
  assert.deepEqual([await s.active(first.access_token), await s.revocations()], [true, 0]);
});

test('400 when it is expired; each successor has a fresh validity', async () => {
  await using s = await start();
  const { refresh_token } = await s.login();
  s.clock.advance(86_399_999);
  const next = await s.refresh(refresh_token);
  assert.equal(next.status, 200);
  s.clock.advance(86_400_000);
  const answer = await s.refresh(next.json.refresh_token);
  assert.deepEqual([answer.status, answer.json.error], [400, 'invalid_grant']);
  assert.match(answer.json.error_description, /expired/);
});

test('with a validity of -1 it never expires', async () => {
  await using s = await start({ refreshTokenValidity: -1 });
  const { refresh_token } = await s.login();
  s.clock.advance(100 * 365 * 86_400_000);
  assert.equal((await s.refresh(refresh_token)).status, 200);
});

test('scope names that nobody defined are ignored; defined ones outside of the grant are refused', async () => {
  await using s = await start();
  const granted = 'device_1 read update';
  let { refresh_token } = await s.login();
  for (const [asked, expected] of [
    ['PRODUCTION', granted],
    ['PRODUCTION read', 'read'],
    ['update device_1', 'device_1 update'],
    ['', granted],
    ['openid', null],
    ['device_2', null],
    ['apim:api_view', null],
    ['am_application_scope', null],
  ] as const) {
    const answer = await s.refresh(refresh_token, asked);
    assert.equal(expected === null ? answer.json.error : answer.json.scope, expected ?? 'invalid_scope', asked);
    refresh_token = answer.json.refresh_token ?? refresh_token;
  }
});

test('what the user may no longer have is not refreshed', async () => {
  await using s = await start();
  const { refresh_token } = await s.login();
  await s.server.km.users.setRoles('mary', []);
  const next = await s.refresh(refresh_token);
  assert.equal(next.json.scope, 'device_1 read');
  await s.server.store.transaction((tx) => updateSubscription(tx, 'sub-1', { state: 'ON_HOLD' }));
  assert.equal((await s.refresh(next.json.refresh_token)).json.scope, 'device_1');
});

test('400 when the user is gone', async () => {
  await using s = await start();
  const { refresh_token } = await s.login();
  await s.server.km.users.delete('mary');
  assert.deepEqual((await s.refresh(refresh_token)).json.error, 'invalid_grant');
});

test('no refresh token for a client that may not use it', async () => {
  await using s = await start();
  await s.server.store.db.updateTable('clients').set({ grant_types: 'password' }).execute();
  assert.equal('refresh_token' in (await s.login()), false);
});
