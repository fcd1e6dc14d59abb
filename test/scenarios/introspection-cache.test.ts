/** For how long a gateway believes what a key manager said of an opaque token, without being told that it was revoked. */
import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { after, afterEach, before, test } from 'node:test';
import { openHubSource } from '../../src/adapters/brokers/hub.ts';
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
import { type GatewayStart, startTestGateway, type TestGateway, testApi, testIssuer } from '../support/gateway.ts';
import { type GuardedIntrospection, startGuardedIntrospection } from '../support/guarded-introspection.ts';
import { startHub, type TestHub } from '../support/hub.ts';
import { newDataFolder } from '../support/postern.ts';

const folder = newDataFolder();
let certificates: Certificates;
let server: AuthorizationServer;
let guarded: GuardedIntrospection;
let backend: Backend;
let hub: TestHub;
let application: ConsumerKey;
let gateway: TestGateway | null = null;

before(async () => {
  certificates = await openCertificates(folder);
  server = await startAuthorizationServer({ gatewayHeader: 'x-gateway' });
  guarded = await startGuardedIntrospection(server, certificates);
  guarded.allowBasic = basic('gate', 'keeper');
  application = await addClient(server, { tokenType: 'OPAQUE' });
  backend = await startBackend();
  hub = await startHub({ heartbeat: 100 });
});
afterEach(async () => {
  closeConnections();
  await gateway?.stop();
});
after(async () => {
  await hub.remove();
  await guarded.close();
  await backend.close();
  await server[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true, force: true });
});

/** @param issuer what is known of the key manager; null = nothing */
async function start(issuer: { readonly foreign?: true } | null, more: GatewayStart = {}): Promise<void> {
  const known = issuer && testIssuer({ issuer: server.issuer, subscriptions: 'none', ...issuer });
  gateway = await startTestGateway({
    certificates,
    ...more,
    fixed: { entities: [testApi('api', backend.url), ...(known ? [known] : [])] },
    flags: [
      `--keyManager.serverUrl=${guarded.url}`,
      '--keyManager.security.basic.enabled=true',
      '--keyManager.security.basic.username=gate',
      '--keyManager.security.basic.password=keeper',
      ...(more.flags ?? []),
    ],
  });
  await gateway.gateway.serving;
}

const follows = (): GatewayStart => ({
  source: openHubSource({ url: hub.url, ca: hub.certificates.ca, ...hub.certificates.gateway }),
});
/** So that the time for tokens without events is over at once, and the other one is not. */
const atOnce = '--gateway.cache.token.ttlWithoutEvents=0';

async function use(token: string): Promise<number> {
  const answer = await call(`${gateway?.http}/api/1.0.0/a`, { headers: { authorization: `Bearer ${token}` } });
  return answer.status === 200 ? 200 : answer.json().fault.code;
}

/** What a token is answered with that is revoked at the key manager after its first use, and of which nobody tells. */
async function afterRevocation(): Promise<number> {
  const form = { grant_type: 'client_credentials', scope: `device_${Math.random().toString(36).slice(2)}` };
  const token: string = (await server.post('/oauth2/token', form, application)).json.access_token;
  assert.equal(await use(token), 200);
  assert.equal((await server.post('/oauth2/revoke', { token }, application)).status, 200);
  return use(token);
}

test('401/900901 for a revoked token after the time without events, at a gateway that follows nobody', async () => {
  await start({}, { flags: [atOnce] });
  assert.equal(await afterRevocation(), 900901);
});

test('401/900901 for it at a gateway that follows a control plane, of a foreign or unknown key manager', async () => {
  for (const issuer of [{ foreign: true }, null] as const) {
    await start(issuer, { ...follows(), flags: [atOnce] });
    assert.equal(await afterRevocation(), 900901);
    await gateway?.stop();
  }
});

test('of our own key manager, which tells of its revocations, the answer is kept for `ttl`', async () => {
  await start({}, { ...follows(), flags: [atOnce] });
  assert.equal(await afterRevocation(), 200, 'nobody told it');
  const status = (await call(`${gateway?.admin}/status`)).json();
  assert.deepEqual(status.introspection, { keptSeconds: { ours: 900, foreign: 0 } });
});

test('the time without events is 30 s, and never longer than `ttl`', async () => {
  await start({});
  assert.equal(await afterRevocation(), 200);
  const status = (await call(`${gateway?.admin}/status`)).json();
  assert.deepEqual(status.introspection, { keptSeconds: { ours: 30, foreign: 30 } });
  await gateway?.stop();
  await start({}, { flags: ['--gateway.cache.token.ttl=0'] });
  assert.equal(await afterRevocation(), 900901);
});
