import assert from 'node:assert/strict';
import { request } from 'node:http';
import { test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { addClient, basic, startAuthorizationServer } from '../../../test/conformance/authorization-server.ts';
import type { LogInSource } from '../../adapters/user-stores/user-store.ts';
import { ManualClock } from '../../platform/clock.ts';

const path = '/oauth2/token';
const forUser = { grant_type: 'password', username: 'mary', password: 'marys' };

async function start() {
  const clock = new ManualClock(1_700_000_000_000);
  const server = await startAuthorizationServer({ clock, gatewayHeader: 'x-gateway' });
  await server.km.users.create({ name: 'mary', password: 'marys', roles: ['admin'] });
  const client = await addClient(server);
  const logIn = async (password: string, headers = {}) =>
    (await server.post(path, { ...forUser, password }, client, headers)).status;
  return { server, client, logIn, [Symbol.asyncDispose]: () => server[Symbol.asyncDispose]() };
}

test('200 for the log-ins of a client while 300 strangers try passwords; 503 for most of these', async () => {
  await using s = await start();
  const tries = Array.from({ length: 300 }, (_, at) =>
    s.server.post('/oauth2/introspect', { token: 'x' }, null, { authorization: basic(`nobody${at}`, 'x') }),
  );
  // A refusal comes when the queue is full.
  await Promise.any(tries.map(async (answer) => assert.equal((await answer).status, 503)));
  assert.equal(await s.logIn('marys'), 200);
  const answers = await Promise.all(tries);
  assert.deepEqual(new Set(answers.map((answer) => answer.status)), new Set([401, 503]));
  const registration = await s.server.post('/client-registration/v0.17/register', '{"clientName":"a"}', null, {
    'content-type': 'application/json',
    authorization: basic('mary', 'marys'),
  });
  assert.equal(registration.status, 200);
});

test('400 after five wrong passwords from an address, as a gateway tells it; 200 from every other', async () => {
  await using s = await start();
  const byGateway = (forwarded: string) => ({ 'x-gateway': 'yes', 'x-forwarded-for': forwarded });
  for (let at = 0; at < 5; at++) assert.equal(await s.logIn('wrong', byGateway(`198.51.100.${at}, 192.0.2.1`)), 400);
  assert.equal(await s.logIn('marys', byGateway('192.0.2.1')), 400);
  assert.equal(await s.logIn('marys', byGateway('192.0.2.1, 192.0.2.2')), 200);
  assert.equal(await s.logIn('marys', { 'x-forwarded-for': '192.0.2.1' }), 200, 'nobody else is believed');
});

test('the password of somebody who has hung up is not verified', async () => {
  await using s = await start();
  const asked = Promise.withResolvers<LogInSource>();
  const answer = Promise.withResolvers<null>();
  s.server.km.users.verify = (_name, _password, from) => {
    asked.resolve(from as LogInSource);
    return answer.promise;
  };
  const call = request(s.server.url + path, {
    method: 'POST',
    headers: {
      'content-type': 'application/x-www-form-urlencoded',
      authorization: basic(s.client.consumerKey, s.client.consumerSecret),
    },
  });
  call.on('error', () => {});
  call.end(new URLSearchParams(forUser).toString());
  const from = await asked.promise;
  assert.deepEqual([from.gone(), from.kind, from.address], [false, 'authenticated client', '127.0.0.1']);
  call.destroy();
  while (!from.gone()) await setImmediate();
  answer.resolve(null);
});
