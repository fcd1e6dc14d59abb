import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decodeJwt } from 'jose';
import { addSubscribedApplication, startAuthorizationServer } from '../../../test/conformance/authorization-server.ts';
import { never } from '../../core/revocation.ts';
import { ManualClock } from '../../platform/clock.ts';
import { loadConfig } from '../../platform/config/load.ts';
import { keyManagerOptions } from '../options.ts';
import { sweepOnce } from '../sweep.ts';

const forClient = { grant_type: 'client_credentials' };
const now = 1_700_000_000;

async function start(options = {}) {
  const clock = new ManualClock(now * 1000);
  const server = await startAuthorizationServer({ clock, options });
  await server.km.users.create({ name: 'mary', password: 'marys', roles: [] });
  const client = await addSubscribedApplication(server);
  const ask = (form: Record<string, string>) => server.post('/oauth2/token', form, client);
  return { clock, server, ask, [Symbol.asyncDispose]: () => server[Symbol.asyncDispose]() };
}

test('exp is issued + validity; expires_in is validity - skew', async () => {
  await using s = await start({ timestampSkew: 300, accessTokenValidity: 1000 });
  const application = (await s.ask(forClient)).json;
  assert.equal(application.expires_in, 3300);
  const { iat, nbf, exp } = decodeJwt(application.access_token);
  assert.deepEqual([iat, nbf, exp], [now, now, now + 3600]);
  const user = (await s.ask({ grant_type: 'password', username: 'mary', password: 'marys' })).json;
  assert.deepEqual([user.expires_in, decodeJwt(user.access_token).exp], [700, now + 1000]);
});

test('validity_period: seconds, -1 the default, -2 never', async () => {
  await using s = await start({ timestampSkew: 300 });
  for (const [period, exp, expiresIn] of [
    ['301', now + 301, 1],
    ['86400', now + 86_400, 86_100],
    ['-1', now + 3600, 3300],
    ['', now + 3600, 3300],
    ['-2', never, never - now],
    ['999999999999', never, never - now],
  ] as const) {
    const { json } = await s.ask({ ...forClient, validity_period: period });
    assert.deepEqual([decodeJwt(json.access_token).exp, json.expires_in], [exp, expiresIn], period);
  }
});

test('400 for a validity_period that is none, or not over the skew', async () => {
  await using s = await start({ timestampSkew: 300 });
  for (const period of ['0', '300', '-3', '1.5', '1e3', 'abc', '9999999999999', ' 400']) {
    const answer = await s.ask({ ...forClient, validity_period: period });
    assert.deepEqual([answer.status, answer.json.error], [400, 'invalid_request'], period);
    assert.match(answer.json.error_description, /validity_period: expected more than 300 seconds/);
  }
});

test('a skew that leaves nothing of a validity is refused at the start', async () => {
  for (const options of [{ timestampSkew: 3600 }, { timestampSkew: 60, applicationTokenValidity: 60 }]) {
    await assert.rejects(startAuthorizationServer({ options }), /tokens\.timestampSkew: expected less than tokens\.a/);
  }
});

test('rows are swept a day after their tokens expired', async () => {
  await using s = await start();
  await s.ask({ grant_type: 'password', username: 'mary', password: 'marys' });
  await s.ask({ ...forClient, validity_period: '-2' });
  const rows = async () => [
    (await s.server.store.db.selectFrom('access_tokens').select('id').execute()).length,
    (await s.server.store.db.selectFrom('refresh_tokens').select('id').execute()).length,
  ];
  await sweepOnce(s.server.store, now + 3600);
  assert.deepEqual(await rows(), [2, 1]);
  await sweepOnce(s.server.store, now + 3601);
  assert.deepEqual(await rows(), [1, 1]);
  await sweepOnce(s.server.store, now + 86_401);
  assert.deepEqual(await rows(), [1, 0]);
});

test('400 for a validity_period over tokens.maxValidity, or without end', async () => {
  await using s = await start({ maxValidity: 7200 });
  for (const period of ['7201', '-2', '999999999999', '0']) {
    const answer = await s.ask({ ...forClient, validity_period: period });
    assert.deepEqual([answer.status, answer.json.error], [400, 'invalid_request'], period);
    assert.match(answer.json.error_description, /validity_period: expected more than 0 and at most 7200 seconds/);
  }
  for (const [period, expiresIn] of [
    ['7200', 7200],
    ['-1', 3600],
  ] as const) {
    assert.equal((await s.ask({ ...forClient, validity_period: period })).json.expires_in, expiresIn);
  }
});

test('a maximum below the default validity is refused at the start', () => {
  for (const value of [0, 3599]) {
    assert.throws(
      () => loadConfig(keyManagerOptions, { flags: [`--tokens.maxValidity=${value}`] }),
      /maxValidity: expected -1 or at least applicationTokenValidity/,
    );
  }
  assert.equal(loadConfig(keyManagerOptions, { flags: ['--tokens.maxValidity=3600'] }).tokens.maxValidity, 3600);
});
