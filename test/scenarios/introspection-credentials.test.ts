/** How a gateway shows a key manager who it is when it asks about an opaque token (seed 001). */
import assert from 'node:assert/strict';
import { readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, beforeEach, test } from 'node:test';
import type { ConsumerKey } from '../../src/adapters/key-managers/built-in.ts';
import { type Certificates, openCertificates } from '../../src/platform/certificates.ts';
import {
  type AuthorizationServer,
  addClient,
  basic,
  startAuthorizationServer,
} from '../conformance/authorization-server.ts';
import { type Backend, startBackend } from '../support/backend.ts';
import { call, closeConnections } from '../support/call.ts';
import { startTestGateway, type TestGateway, testApi } from '../support/gateway.ts';
import { type GuardedIntrospection, startGuardedIntrospection } from '../support/guarded-introspection.ts';
import { newDataFolder } from '../support/postern.ts';

const folder = newDataFolder();
let certificates: Certificates;
let server: AuthorizationServer;
let guarded: GuardedIntrospection;
let backend: Backend;
let gateway: TestGateway | null = null;
/** The gateway's own client at the key manager, and the application that calls APIs. */
let asker: ConsumerKey;
let application: ConsumerKey;

before(async () => {
  certificates = await openCertificates(folder);
  server = await startAuthorizationServer({ gatewayHeader: 'x-gateway' });
  await server.km.users.create({ name: 'gate', password: 'keeper:1', roles: ['admin'] });
  asker = await addClient(server);
  application = await addClient(server, { tokenType: 'OPAQUE' });
  backend = await startBackend();
});
beforeEach(async () => {
  await gateway?.stop();
  gateway = null;
  await guarded?.close();
  guarded = await startGuardedIntrospection(server, certificates);
});
after(async () => {
  closeConnections();
  await gateway?.stop();
  await guarded.close();
  await backend.close();
  await server[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true, force: true });
});

const oauth2 = 'keyManager.security.oauth2';
const client = (grant: string, secret = asker.consumerSecret): string[] => [
  `--${oauth2}.${grant}.enabled=true`,
  `--${oauth2}.${grant}.clientId=${asker.consumerKey}`,
  `--${oauth2}.${grant}.clientSecret=${secret}`,
];
const tokenUrl = (): string => `--${oauth2}.tokenUrl=${guarded.url}/oauth2/token`;
const user = [`--${oauth2}.password.username=gate`, `--${oauth2}.password.password=keeper:1`];

async function start(...flags: readonly string[]): Promise<void> {
  return startIn(undefined, ...flags);
}

/** @param data a data folder that stays */
async function startIn(data: string | undefined, ...flags: readonly string[]): Promise<void> {
  gateway = await startTestGateway({
    certificates,
    ...(data !== undefined && { data }),
    flags: [
      `--keyManager.serverUrl=${guarded.url}`,
      `--${oauth2}.enabled=true`,
      '--gateway.cache.invalidToken.ttl=0',
      ...flags,
    ],
    fixed: { entities: [testApi('api', backend.url)] },
  });
  await gateway.gateway.serving;
}

/** A new opaque token of the application. Tokens that were not seen before have to be asked about. */
async function opaque(): Promise<string> {
  const form = { grant_type: 'client_credentials', scope: `device_${Math.random().toString(36).slice(2)}` };
  const { json } = await server.post('/oauth2/token', form, application);
  assert.match(json.access_token, /^[^.]+$/);
  return json.access_token;
}

async function use(token: string): Promise<number> {
  const answer = await call(`${gateway?.http}/api/1.0.0/a`, { headers: { authorization: `Bearer ${token}` } });
  return answer.status === 200 ? 200 : answer.json().fault.code;
}

const grants = (): (string | null)[] => guarded.tokenRequests.map(({ form }) => form.get('grant_type'));

test('client_credentials: one token for many requests, asked for with Basic and with the scopes', async () => {
  await start(tokenUrl(), ...client('clientCredential'), `--${oauth2}.clientCredential.scopes=device_a, device_b`);
  const tokens = await Promise.all(Array.from({ length: 8 }, opaque));
  assert.deepEqual(new Set(await Promise.all(tokens.map(use))), new Set([200]));
  assert.deepEqual(grants(), ['client_credentials']);
  assert.equal(guarded.tokenRequests[0]?.authorization, basic(asker.consumerKey, asker.consumerSecret));
  assert.equal(guarded.tokenRequests[0]?.form.get('scope'), 'device_a device_b');
  // From the cache: nobody is asked.
  const before = guarded.introspections;
  assert.equal(await use(tokens[0] as string), 200);
  assert.equal(guarded.introspections, before);
});

test('401/900901 for a token that the key manager does not know', async () => {
  await start(tokenUrl(), ...client('clientCredential'));
  assert.equal(await use('nonsense'), 900901);
});

test('POST_BODY_BEARER sends client id and secret in the form, NO_BEARER not at all', async () => {
  await start(tokenUrl(), ...client('clientCredential'), `--${oauth2}.credentialBearer=post_body_bearer`);
  assert.equal(await use(await opaque()), 200);
  assert.equal(guarded.tokenRequests[0]?.authorization, undefined);
  assert.equal(guarded.tokenRequests[0]?.form.get('client_secret'), asker.consumerSecret);
  await gateway?.stop();
  await start(tokenUrl(), ...client('clientCredential'), `--${oauth2}.credentialBearer=NO_BEARER`);
  assert.equal(await use(await opaque()), 900900);
  assert.deepEqual([...(guarded.tokenRequests[1]?.form.keys() ?? [])], ['grant_type']);
});

test('a token that expires is replaced', async () => {
  guarded.expiresIn = 0;
  await start(tokenUrl(), ...client('password'), ...user);
  for (let i = 0; i < 2; i++) {
    assert.equal(await use(await opaque()), 200);
    guarded.expiresIn = undefined;
  }
  assert.deepEqual(grants(), ['password', 'password']);
});

test('a token that is refused is replaced once, and the question asked once more', async () => {
  await start(tokenUrl(), ...client('clientCredential'));
  assert.equal(await use(await opaque()), 200);
  guarded.distrust();
  const before = guarded.introspections;
  assert.equal(await use(await opaque()), 200);
  assert.equal(guarded.introspections, before + 2);
  assert.deepEqual(grants(), ['client_credentials', 'client_credentials']);
});

test('refresh with password: the first token by password, the next by refresh token', async () => {
  await start(tokenUrl(), ...client('password'), ...user, ...client('clientCredential'), ...client('refresh'));
  assert.equal(await use(await opaque()), 200);
  guarded.distrust();
  assert.equal(await use(await opaque()), 200);
  assert.deepEqual(grants(), ['password', 'refresh_token']);
});

test('a direct token is used as it is, and renewed by the refresh token when it is refused', async () => {
  const first = await server.post(
    '/oauth2/token',
    { grant_type: 'password', username: 'gate', password: 'keeper:1' },
    asker,
  );
  await start(
    `--${oauth2}.directToken.enabled=true`,
    `--${oauth2}.directToken.accessToken=${first.json.access_token}`,
    ...client('refresh'),
    `--${oauth2}.refresh.refreshToken=${first.json.refresh_token}`,
    `--${oauth2}.refresh.refreshUrl=${guarded.url}/oauth2/token`,
  );
  guarded.trust(first.json.access_token);
  assert.equal(await use(await opaque()), 200);
  assert.deepEqual(grants(), []);
  guarded.distrust();
  assert.equal(await use(await opaque()), 200);
  assert.deepEqual(grants(), ['refresh_token']);
});

test('after a restart it goes on with the newest refresh token, unless another was configured', async () => {
  const data = newDataFolder();
  const logIn = async () => {
    const form = { grant_type: 'password', username: 'gate', password: 'keeper:1' };
    return (await server.post('/oauth2/token', form, asker)).json;
  };
  /** Starts, has the direct token refused and stops; returns what the token was renewed with. */
  const run = async (configured: {
    access_token: string;
    refresh_token: string;
  }): Promise<string | null | undefined> => {
    await startIn(
      data,
      `--${oauth2}.directToken.enabled=true`,
      `--${oauth2}.directToken.accessToken=${configured.access_token}`,
      ...client('refresh'),
      `--${oauth2}.refresh.refreshToken=${configured.refresh_token}`,
      tokenUrl(),
    );
    guarded.distrust();
    assert.equal(await use(await opaque()), 200);
    await gateway?.stop();
    return guarded.tokenRequests.at(-1)?.form.get('refresh_token');
  };
  try {
    const first = await logIn();
    assert.equal(await run(first), first.refresh_token);
    const file = join(data, 'gateway', 'introspection-refresh-token.json');
    assert.equal(statSync(file).mode & 0o777, 0o600);
    // Whoever shows this key manager a used one again loses all that came of it.
    const { refreshToken } = JSON.parse(readFileSync(file, 'utf8'));
    assert.equal(await run(first), refreshToken);
    assert.notEqual(refreshToken, first.refresh_token);
    const second = await logIn();
    assert.equal(await run(second), second.refresh_token);
  } finally {
    rmSync(data, { recursive: true, force: true });
  }
});

test('500/900900 while no token can be had; nothing is asked without one', async () => {
  await start(tokenUrl(), ...client('clientCredential', 'wrong'));
  assert.equal(await use(await opaque()), 900900);
  assert.equal(guarded.introspections, 0);
});

test('Basic credentials', async () => {
  gateway = await startTestGateway({
    certificates,
    flags: [
      `--keyManager.serverUrl=${guarded.url}`,
      '--keyManager.security.basic.enabled=true',
      '--keyManager.security.basic.username=gate',
      '--keyManager.security.basic.password=keeper:1',
    ],
    fixed: { entities: [testApi('api', backend.url)] },
  });
  guarded.allowBasic = basic('gate', 'keeper:1');
  assert.equal(await use(await opaque()), 200);
});
