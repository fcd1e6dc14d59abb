import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { calculateJwkThumbprint, decodeJwt, decodeProtectedHeader } from 'jose';
import {
  addClient,
  addSubscribedApplication,
  basic,
  startAuthorizationServer,
} from '../../test/conformance/authorization-server.ts';
import { storedText } from '../../test/support/store.ts';
import { updateClient } from '../adapters/stores/clients.ts';
import type { Issuer } from '../core/token.ts';
import { ManualClock } from '../platform/clock.ts';

const path = '/oauth2/token';
const forClient = { grant_type: 'client_credentials' };
const asAdmin = { grant_type: 'password', username: 'admin', password: 'admin' };

test('a JWT says what gateways need', async () => {
  await using server = await startAuthorizationServer();
  const client = await addSubscribedApplication(server);
  const { access_token: jwt } = (await server.post(path, forClient, client)).json;
  const { iat, nbf, exp, jti, ...claims } = decodeJwt(jwt);
  assert.deepEqual(claims, {
    sub: 'admin@carbon.super',
    aud: 'http://org.wso2.apimgt/gateway',
    iss: server.issuer,
    consumerKey: client.consumerKey,
    keytype: 'PRODUCTION',
    application: {
      id: 1,
      uuid: 'app-1',
      name: 'DefaultApplication',
      owner: 'admin@carbon.super',
      tier: 'Unlimited',
    },
    tierInfo: { Gold: { stopOnQuotaReach: true, spikeArrestLimit: 0, spikeArrestUnit: null } },
    subscribedAPIs: [
      {
        subscriberTenantDomain: 'carbon.super',
        name: 'PizzaShackAPI',
        context: '/pizzashack/1.0.0',
        publisher: 'admin@carbon.super',
        version: '1.0.0',
        subscriptionTier: 'Gold',
      },
    ],
    scope: 'am_application_scope default',
  });
  assert.equal(typeof jti, 'string');
  assert.ok(iat === nbf && exp === (iat as number) + 3600);
  assert.equal(decodeProtectedHeader(jwt).typ, 'JWT');
  assert.notEqual((await server.post(path, forClient, client)).json.access_token, jwt, 'a new one each time');
});

test('a JWT of a client without application has no application and no subscriptions', async () => {
  await using server = await startAuthorizationServer();
  const client = await addClient(server);
  const claims = decodeJwt((await server.post(path, forClient, client)).json.access_token);
  for (const name of ['application', 'tierInfo', 'subscribedAPIs']) assert.equal(name in claims, false, name);
  assert.equal(claims.consumerKey, client.consumerKey);
});

for (const signingAlgorithm of ['RS256', 'ES256', 'EdDSA'] as const) {
  test(`${signingAlgorithm}: gateways know the key by its thumbprint before the first token`, async () => {
    await using server = await startAuthorizationServer({ options: { signingAlgorithm } });
    const changes = await server.store.changes.after(0, 10);
    assert.deepEqual(
      changes?.map(({ kind, id }) => [kind, id]),
      [
        ['issuer', server.issuer],
        ['issuer', new URL('/api-keys', server.issuer).href],
      ],
    );
    assert.equal((changes?.[1]?.value as Issuer | undefined)?.apiKeys, true);
    const { keys, audience } = (changes?.[0]?.value ?? {}) as Issuer;
    assert.equal(audience, 'http://org.wso2.apimgt/gateway');
    const client = await addClient(server);
    const header = decodeProtectedHeader((await server.post(path, forClient, client)).json.access_token);
    assert.deepEqual([header.alg, header.kid], [signingAlgorithm, keys[0]?.kid]);
    assert.equal(await calculateJwkThumbprint(keys[0] as never), header.kid);
    assert.equal(keys[0]?.alg, signingAlgorithm);
    assert.equal('d' in (keys[0] as object), false);
  });
}

test('another algorithm makes a key beside the old one, whose tokens stay good', async () => {
  const clock = new ManualClock(1_700_000_000_000);
  const first = await startAuthorizationServer({ clock, options: { signingAlgorithm: 'ES256' } });
  const client = await addClient(first);
  const old = (await first.post(path, forClient, client)).json.access_token;
  const { issuer, folder } = first;
  await first.stop();
  await using second = await startAuthorizationServer({
    folder,
    clock,
    options: { signingAlgorithm: 'EdDSA', issuer },
  });
  assert.notEqual(await second.km.introspect(old), null);
  const issue = async () => (await second.post(path, forClient, client)).json.access_token;
  assert.equal(decodeProtectedHeader(await issue()).alg, 'ES256', 'other nodes may not have seen the new key yet');
  clock.advance(5000);
  assert.equal(decodeProtectedHeader(await issue()).alg, 'EdDSA');
  const { keys } = (await (await fetch(`${second.url}/oauth2/jwks`)).json()) as Issuer;
  assert.deepEqual(
    keys.map((key) => key.alg),
    ['EdDSA', 'ES256'],
  );
  rmSync(folder, { recursive: true });
});

test('after a restart tokens, keys and secrets are as good or as dead as before', async () => {
  const first = await startAuthorizationServer();
  await first.km.users.create({ name: 'admin', password: 'admin', roles: [] });
  const client = await addSubscribedApplication(first, 'OPAQUE');
  const jwtClient = await addClient(first);
  const { issuer, folder } = first;
  const jwt = (await first.post(path, forClient, jwtClient)).json.access_token;
  const revoked = (await first.post(path, forClient, jwtClient)).json.access_token;
  await first.post('/oauth2/revoke', { token: revoked }, jwtClient);
  const pair = (await first.post(path, asAdmin, client)).json;
  const jwks = await (await fetch(`${first.url}/oauth2/jwks`)).text();
  const head = await first.store.changes.head();
  await first.stop();

  await using second = await startAuthorizationServer({ folder, options: { issuer } });
  assert.deepEqual(await second.store.changes.head(), head, 'nothing changed for the gateways');
  assert.equal(await (await fetch(`${second.url}/oauth2/jwks`)).text(), jwks);
  assert.notEqual(await second.km.introspect(jwt), null);
  assert.equal(await second.km.introspect(revoked), null);
  const again = (await second.post(path, asAdmin, client)).json;
  assert.deepEqual([again.access_token, again.refresh_token], [pair.access_token, pair.refresh_token]);
  const form = { grant_type: 'refresh_token', refresh_token: pair.refresh_token };
  assert.equal((await second.post(path, form, client)).status, 200);
  rmSync(folder, { recursive: true });
});

test('a stolen database holds no token, secret, password or private key', async () => {
  const server = await startAuthorizationServer();
  await server.km.users.create({ name: 'admin', password: 'plain-to-see', roles: ['admin'] });
  const client = await addSubscribedApplication(server, 'OPAQUE');
  const jwtClient = await addClient(server);
  const hashed = await addClient(server, { hashClientSecrets: true });
  const form = { ...asAdmin, password: 'plain-to-see' };
  const secrets = ['plain-to-see', client, jwtClient, hashed].flatMap((one) =>
    typeof one === 'string' ? one : one.consumerSecret,
  );
  for (const by of [client, jwtClient, hashed]) {
    const { access_token, refresh_token } = (await server.post(path, form, by)).json;
    const next = (await server.post(path, { grant_type: 'refresh_token', refresh_token }, by)).json;
    await server.post('/oauth2/revoke', { token: access_token }, by);
    secrets.push(access_token, refresh_token, next.access_token, next.refresh_token);
  }
  const { secret_sealed } = await server.store.db
    .selectFrom('clients')
    .select('secret_sealed')
    .where('consumer_key', '=', client.consumerKey)
    .executeTakeFirstOrThrow();
  await server.store.db.selectFrom('signing_keys').select('kid').executeTakeFirstOrThrow();
  await server.stop();
  const stolen = await storedText(server.folder);
  assert.ok(stolen.includes(client.consumerKey) && stolen.includes(secret_sealed as string), 'the search finds things');
  for (const secret of secrets) assert.equal(stolen.includes(secret), false, `${secret.slice(0, 12)}…`);
  assert.equal(/"d":"/.test(stolen), false);
  rmSync(server.folder, { recursive: true });
});

test('a store with a foreign key file is refused at the start', async () => {
  const first = await startAuthorizationServer();
  await first.stop();
  rmSync(join(first.folder, 'store.key'));
  await assert.rejects(startAuthorizationServer({ folder: first.folder }), /does not open with the store key/);
  rmSync(first.folder, { recursive: true });
});

test('a client with a hashed secret is as good as any', async () => {
  await using server = await startAuthorizationServer();
  const client = await addClient(server, { hashClientSecrets: true });
  assert.equal((await server.post(path, forClient, client)).status, 200);
  assert.equal((await server.post(path, forClient, { ...client, consumerSecret: 'x' })).status, 401);
});

test('401 for a client that is put out of use', async () => {
  await using server = await startAuthorizationServer();
  const client = await addClient(server);
  await server.store.transaction((tx) => updateClient(tx, client.consumerKey, { state: 'INACTIVE' }));
  const answer = await server.post(path, forClient, client);
  assert.deepEqual([answer.status, answer.json.error], [401, 'invalid_client']);
});

test('200 for every way of writing a user name, always with the same subject', async () => {
  await using server = await startAuthorizationServer();
  await server.km.users.create({ name: 'admin', password: 'admin', roles: [] });
  const client = await addClient(server);
  for (const username of ['admin', 'admin@carbon.super', 'PRIMARY/admin']) {
    const { json } = await server.post(path, { ...asAdmin, username }, client);
    assert.equal(decodeJwt(json.access_token).sub, 'admin@carbon.super');
  }
  for (const username of ['admin@other', 'OTHER/admin', '@', "' OR 1=1 --"]) {
    assert.equal((await server.post(path, { ...asAdmin, username }, client)).json.error, 'invalid_grant');
  }
});

test('the first error of several is the one that the order of the checks says', async () => {
  await using server = await startAuthorizationServer();
  const client = await addClient(server, { grantTypes: [] });
  const wrong = { ...client, consumerSecret: 'wrong' };
  const error = async (form: string, by: typeof client | null) => (await server.post(path, form, by)).json.error;
  const two = `client_id=${client.consumerKey}&client_secret=x`;
  assert.equal(await error(`grant_type=magic&grant_type=magic&${two}`, wrong), 'invalid_request');
  assert.match((await server.post(path, `grant_type=magic&${two}`, wrong)).json.error_description, /more than one/);
  assert.equal(await error('grant_type=magic', wrong), 'unsupported_grant_type');
  assert.equal(await error('grant_type=password', wrong), 'invalid_client');
  assert.equal(await error('grant_type=password', client), 'unauthorized_client');
  assert.equal(await error('grant_type=password&client_id=other', client), 'invalid_request');
});

test('405 with Allow for a wrong method', async () => {
  await using server = await startAuthorizationServer();
  for (const place of ['/oauth2/authorize', '/oauth2/userinfo']) {
    const wrong = await fetch(server.url + place, { method: 'PUT', body: 'x' });
    assert.deepEqual([wrong.status, wrong.headers.get('allow')], [405, 'GET, HEAD, POST']);
  }
});

test('500 in JSON without a trace of the cause', async () => {
  await using server = await startAuthorizationServer();
  await server.store.db.schema.dropTable('clients').execute();
  const answer = await server.post(path, forClient, { consumerKey: 'a', consumerSecret: 'b' });
  assert.deepEqual([answer.status, answer.json.error], [500, 'server_error']);
  assert.doesNotMatch(answer.text, /clients|SQL|at /);
  assert.equal(answer.headers.get('cache-control'), 'no-store');
});

test('503 with Retry-After when too many log in at once; every other one is served', async () => {
  await using server = await startAuthorizationServer();
  await server.km.users.create({ name: 'admin', password: 'admin', roles: [] });
  const client = await addClient(server);
  const { UserStoreBusyError } = await import('../adapters/user-stores/user-store.ts');
  const { verify } = server.km.users;
  server.km.users.verify = async () => {
    throw new UserStoreBusyError('too many log-ins at once; try again later');
  };
  const answer = await server.post(path, asAdmin, client);
  assert.deepEqual([answer.status, answer.json.error], [503, 'temporarily_unavailable']);
  assert.equal(answer.headers.get('retry-after'), '1');
  server.km.users.verify = verify;
  assert.equal((await server.post(path, asAdmin, client)).status, 200);
});

test('400 for the token of an application whose owner is no user any more', async () => {
  await using server = await startAuthorizationServer();
  await server.km.users.create({ name: 'mary', password: 'marys', roles: [] });
  const client = await addClient(server, { owner: 'mary@carbon.super' });
  const ask = () => server.post(path, { grant_type: 'client_credentials' }, client);
  assert.equal((await ask()).status, 200);
  await server.km.users.delete('mary');
  const answer = await ask();
  assert.deepEqual([answer.status, answer.json.error], [400, 'unauthorized_client']);
});

test('an administrator introspects by Basic at the cost of one password verification', async () => {
  await using server = await startAuthorizationServer();
  await server.km.users.create({ name: 'admin', password: 'admin', roles: ['admin'] });
  const ask = () => server.post('/oauth2/introspect', { token: 'x' }, null, { authorization: basic('admin', 'admin') });
  await ask();
  const before = process.cpuUsage();
  for (let round = 0; round < 20; round++) assert.equal((await ask()).status, 200);
  const { user, system } = process.cpuUsage(before);
  // One argon2 computation takes more than 20 ms, twenty of them 400.
  assert.ok(user + system < 300_000, `${user + system} us for 20 requests`);
});
