/** A microgateway: what it was given stays as it is, and what a control plane decides besides holds at once. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { after, before, test } from 'node:test';
import { openHubSource } from '../../src/adapters/brokers/hub.ts';
import type { Api } from '../../src/core/api.ts';
import type { Subscription } from '../../src/core/application.ts';
import { revocationId } from '../../src/core/revocation.ts';
import type { EntityChange } from '../../src/core/snapshot.ts';
import { type Backend, startBackend } from '../support/backend.ts';
import { call, closeConnections } from '../support/call.ts';
import { startTestGateway, type TestGateway, testApi, testIssuer, testResource } from '../support/gateway.ts';
import { startHub, type TestHub } from '../support/hub.ts';
import { newSigner } from '../support/signer.ts';

const ours = newSigner();
const theirs = newSigner('theirs');
let backend: Backend;
let hub: TestHub;
let gateway: TestGateway;

const policy = (level: 'subscription' | 'resource', name: string, count: number): EntityChange => ({
  kind: 'policy',
  id: `${level}|${name}`,
  value: { level, name, limit: { count, windowMs: 60_000 }, stopOnQuota: true },
});
const subscription = (apiId: string, more: Partial<Subscription> = {}): EntityChange => ({
  kind: 'subscription',
  id: `sub-${apiId}`,
  value: { id: `sub-${apiId}`, apiId, applicationId: 'app', tier: 'Unlimited', state: 'UNBLOCKED', ...more },
});
const consumerKey = (key: string, issuer?: string): EntityChange => ({
  kind: 'key',
  id: issuer === undefined ? key : `${issuer}|${key}`,
  value: { consumerKey: key, applicationId: 'app', keyType: 'PRODUCTION', ...(issuer !== undefined && { issuer }) },
});

before(async () => {
  backend = await startBackend();
  hub = await startHub({ heartbeat: 50 });
  await hub.commit(
    policy('subscription', 'One', 1),
    policy('subscription', 'Fixed', 1),
    policy('resource', 'Lost', 1),
    { kind: 'application', id: 'app', value: { id: 'app', ordinal: 1, name: 'app', owner: 'o', tier: 'Unlimited' } },
    consumerKey('client'),
    consumerKey('mapped', 'https://foreign'),
    testIssuer({ issuer: 'https://theirs', keys: [theirs.jwk] }),
    testIssuer({ issuer: 'https://ours', keys: [theirs.jwk] }),
    // The same API by name, with another id, context and endpoint; and one that the artifact doesn't have.
    testApi('shop', 'http://localhost:1', { id: 'of-the-control-plane', context: '/elsewhere' }),
    testApi('stranger', backend.url),
    subscription('of-the-control-plane'),
  );
  gateway = await startTestGateway({
    certificates: hub.certificates,
    flags: ['--keyManager.serverUrl=https://localhost:1'],
    source: openHubSource({ url: hub.url, ca: hub.certificates.ca, ...hub.certificates.gateway }),
    fixed: {
      opaqueSubscriptions: 'data',
      entities: [
        policy('subscription', 'Fixed', 100),
        testIssuer({ issuer: 'https://ours', keys: [ours.jwk] }),
        testIssuer({ issuer: 'https://foreign', keys: [ours.jwk], foreign: true }),
        testIssuer({ issuer: 'https://claims', keys: [ours.jwk], subscriptions: 'claim' }),
        testIssuer({ issuer: 'https://keys', keys: [ours.jwk], apiKeys: true }),
        testApi('shop', backend.url, { resources: [testResource(), testResource({ path: '/lost', tier: 'Lost' })] }),
        testApi('later', backend.url),
        testApi('keyed', backend.url, { security: { schemes: ['api_key'] } }),
      ],
    },
  });
  await gateway.gateway.serving;
});
after(async () => {
  closeConnections();
  await gateway.stop();
  await hub.remove();
  await backend.close();
});

const token = (claims: Record<string, unknown> = {}): string =>
  ours.sign({ iss: 'https://ours', azp: 'client', ...claims });

async function outcome(value: string, path = '/shop/1.0.0/a'): Promise<number> {
  const answer = await call(gateway.http + path, { headers: { authorization: `Bearer ${value}`, apikey: value } });
  return answer.status === 200 ? 200 : answer.json().fault.code;
}

async function becomes(expected: number, value: string, path?: string): Promise<void> {
  const from = Date.now();
  for (;;) {
    const found = await outcome(value, path);
    if (found === expected) return;
    assert.ok(Date.now() - from < 5000, `expected ${expected}, still ${found}`);
  }
}

test('a subscription to the control plane’s API of the same name and version is one to the given API', async () => {
  assert.equal(await outcome(token()), 200);
  assert.equal(await outcome(token({ azp: 'nobody' })), 900908);
});

test('APIs and issuers of the control plane are not served and not trusted; the given ones stay', async () => {
  assert.equal(await outcome(token(), '/stranger/1.0.0/a'), 404);
  assert.equal(await outcome(token(), '/elsewhere/1.0.0/a'), 404);
  assert.equal(await outcome(theirs.sign({ iss: 'https://theirs', azp: 'client' })), 900901);
  assert.equal(await outcome(theirs.sign({ iss: 'https://ours', azp: 'client' })), 900901);
});

test('deleting or changing the control plane’s API leaves the given one, and its subscriptions', async () => {
  const value = token();
  await hub.commit(
    { kind: 'issuer', id: 'https://ours', value: null },
    testApi('shop', 'http://localhost:1', { id: 'of-the-control-plane', context: '/changed' }),
  );
  await hub.commit(consumerKey('marker'));
  await becomes(200, token({ azp: 'marker' }));
  assert.equal(await outcome(value), 200);
});

test('a block holds, and its end', async () => {
  const value = token();
  await hub.commit(subscription('of-the-control-plane', { state: 'BLOCKED' }));
  await becomes(900907, value);
  await hub.commit(subscription('of-the-control-plane'));
  await becomes(200, value);
});

test('a block holds for a token that is believed to list its APIs, too', async () => {
  const list = { iss: 'https://claims', azp: 'client', subscribedAPIs: [{ name: 'shop', version: '*' }] };
  const value = ours.sign(list);
  assert.equal(await outcome(value), 200);
  await hub.commit(subscription('of-the-control-plane', { state: 'ON_HOLD' }));
  await becomes(900909, value);
  await hub.commit(subscription('of-the-control-plane'));
  await becomes(200, value);
  // What the data doesn't know it has nothing against.
  assert.equal(await outcome(ours.sign({ ...list, azp: 'nobody' })), 200);
});

test('an API that the control plane has later is tied to the given one, with the subscriptions that there are', async () => {
  await hub.commit(subscription('late-id'));
  assert.equal(await outcome(token(), '/later/1.0.0/a'), 900908);
  await hub.commit(testApi('later', 'http://localhost:1', { id: 'late-id' }));
  await becomes(200, token(), '/later/1.0.0/a');
  await hub.commit({ kind: 'subscription', id: 'sub-late-id', value: null });
  await becomes(900908, token(), '/later/1.0.0/a');
});

test('application and subscription policies that were not given come from the control plane, those that were do not', async () => {
  await hub.commit(subscription('of-the-control-plane', { tier: 'One' }));
  await becomes(900804, token());
  await hub.commit(subscription('of-the-control-plane', { tier: 'Fixed' }));
  await becomes(200, token());
  assert.equal(await outcome(token()), 200);
  assert.equal(await outcome(token(), '/shop/1.0.0/lost'), 900809);
});

test('a foreign key manager speaks for the keys that are mapped as its own, and for no others', async () => {
  assert.equal(await outcome(ours.sign({ iss: 'https://foreign', azp: 'mapped' })), 200);
  assert.equal(await outcome(ours.sign({ iss: 'https://foreign', azp: 'client' })), 900908);
  assert.equal(await outcome(token({ azp: 'mapped' })), 900908);
  await hub.commit({ kind: 'key', id: 'https://foreign|mapped', value: null });
  await becomes(900908, ours.sign({ iss: 'https://foreign', azp: 'mapped' }));
  assert.equal(await outcome(token()), 200);
});

test('an API that the control plane blocks or retires is not served here either, until that ends', async () => {
  const there = (more: Partial<Api>) => testApi('shop', 'http://localhost:1', { id: 'of-the-control-plane', ...more });
  for (const [status, code] of [
    ['BLOCKED', 700700],
    ['RETIRED', 404],
  ] as const) {
    await hub.commit(there({ status }));
    await becomes(code, token());
    await hub.commit(there({ status: 'DEPRECATED' }));
    await becomes(200, token());
  }
  await hub.commit(there({ status: 'BLOCKED' }));
  await becomes(700700, token());
  await hub.commit({ kind: 'api', id: 'of-the-control-plane', value: null });
  await becomes(200, token());
  await hub.commit(there({}));
});

test('an API key is good for what its application is subscribed to', async () => {
  const key = ours.sign({ iss: 'https://keys', application: { uuid: 'app' }, exp: undefined });
  assert.equal(await outcome(key, '/keyed/1.0.0/a'), 900908);
  await hub.commit(testApi('keyed', 'http://localhost:1', { id: 'keyed-there' }), subscription('keyed-there'));
  await becomes(200, key, '/keyed/1.0.0/a');
  await hub.commit(subscription('keyed-there', { state: 'BLOCKED' }));
  await becomes(900907, key, '/keyed/1.0.0/a');
});

test('what the control plane says of an API with the id of a given one changes nothing', async () => {
  await hub.commit(testApi('shop', 'http://localhost:1', { status: 'RETIRED' }), {
    kind: 'api',
    id: 'shop-id',
    value: null,
  });
  await hub.commit(consumerKey('after'));
  await becomes(200, token({ azp: 'after' }));
});

test('401/900901 for tokens of every issuer that are revoked, by jti and without', async () => {
  for (const iss of ['https://ours', 'https://foreign']) {
    const value = ours.sign({ iss, azp: 'client', jti: 'revoked' });
    const revocation = { type: 'token', issuer: iss, value: 'revoked', expires: 4_000_000_000 } as const;
    await hub.commit({ kind: 'revocation', id: revocationId(revocation), value: revocation });
    await becomes(900901, value);
  }
  const unnamed = token({ jti: undefined });
  const value = createHash('sha256')
    .update(unnamed.slice(0, unnamed.lastIndexOf('.')))
    .digest('base64url');
  const revocation = { type: 'unnamed', issuer: '', value, expires: 4_000_000_000 } as const;
  assert.equal(await outcome(unnamed), 200);
  await hub.commit({ kind: 'revocation', id: revocationId(revocation), value: revocation });
  await becomes(900901, unnamed);
  assert.equal(await outcome(token({ jti: 'other' })), 200);
});

test('the token listener has the token endpoints and nothing else; they are on HTTPS, not on HTTP', async () => {
  const status = async (url: string, method = 'GET') => (await call(url, { method })).status;
  // 503: this key manager can't be reached, but the endpoint is there.
  for (const origin of [gateway.token, gateway.https]) assert.equal(await status(`${origin}/token`, 'POST'), 503);
  assert.equal(await status(`${gateway.http}/token`, 'POST'), 403);
  assert.equal(await status(`${gateway.token}/shop/1.0.0/a`), 404);
  assert.equal(await status(`${gateway.token}/health`), 404);
});

test('200 {"status":"healthy"} at /health', async () => {
  for (const origin of [gateway.http, gateway.https]) {
    const answer = await call(`${origin}/health`);
    assert.equal(answer.status, 200);
    assert.deepEqual(answer.json(), { status: 'healthy' });
  }
});
