/**
 * WebSockets through the gateway: they are opened by a request like any other, and stay open as long as that request would
 * be let in. A client and a server that are not ours stand on both sides.
 */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync, rmSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { findApi, updateApi } from '../../src/adapters/stores/apis.ts';
import type { Store } from '../../src/adapters/stores/store.ts';
import { subscriptionsOf, updateSubscription } from '../../src/adapters/stores/subscriptions.ts';
import type { Api } from '../../src/core/api.ts';
import { deployedApi } from '../../src/core/deployed-api.ts';
import { basic, call, closeConnections, postForm } from '../support/call.ts';
import { catalogApi } from '../support/catalog-api.ts';
import { fillStore, resource } from '../support/fill-store.ts';
import { startTestGateway, testApi, testResource } from '../support/gateway.ts';
import { newDataFolder, type Postern, startPostern } from '../support/postern.ts';
import { openTestStore } from '../support/store.ts';
import { startWebSocketBackend, type WebSocketBackend } from '../support/websocket-backend.ts';
import { openWebSocket, type WebSocketClient } from '../support/websocket-client.ts';

type App = { id: string; key: string; secret: string };

const data = newDataFolder();
let backend: WebSocketBackend;
let unwilling: WebSocketBackend;
let thoughtful: WebSocketBackend;
const { promise: decision, resolve: decide } = Promise.withResolvers<boolean>();
let postern: Postern;
let store: Store;
let apiId: string;
let apps: Record<'jwt' | 'opaque' | 'other', App>;

before(async () => {
  backend = await startWebSocketBackend();
  unwilling = await startWebSocketBackend(false);
  thoughtful = await startWebSocketBackend(decision);
  apps = await fillStore(data, async (fill) => {
    const limit = { count: 2, windowMs: 3_600_000 };
    fill.policy({ level: 'resource', name: 'TwoAnHour', stopOnQuota: true, limit });
    apiId = await fill.api('chat', {
      endpoints: { production: { url: backend.url } },
      resources: [resource('GET', '/*'), resource('GET', '/rare', { tier: 'TwoAnHour' })],
    });
    const unwillingId = await fill.api('unwilling', { endpoints: { production: { url: unwilling.url } } });
    const thoughtfulId = await fill.api('thoughtful', { endpoints: { production: { url: thoughtful.url } } });
    const subscribe = [apiId, unwillingId, thoughtfulId];
    return {
      jwt: await fill.application('jwt', { subscribe }),
      opaque: await fill.application('opaque', { subscribe, tokenType: 'OPAQUE' }),
      other: await fill.application('other', { subscribe }),
    };
  });
  const args = ['--gateway.wire=net', '--gateway.threads=2', '--controlPlane.heartbeat=100'];
  postern = await startPostern({ data, args: [...args, '--gateway.drainTimeout=500'] });
  store = await openTestStore(data);
  setDefaultCACertificates([
    ...getCACertificates('default'),
    readFileSync(join(data, 'certificates', 'ca.pem'), 'utf8'),
  ]);
});
after(async () => {
  closeConnections();
  await store?.close();
  await postern?.stop();
  await backend.close();
  await unwilling.close();
  await thoughtful.close();
  rmSync(data, { recursive: true, force: true });
});

let devices = 0;

/** A token of its own each time. */
async function tokenOf({ key, secret }: App, more: Record<string, string> = {}): Promise<string> {
  const form = { grant_type: 'client_credentials', scope: `device_${devices++}`, ...more };
  const answer = await postForm(`${postern.http}/token`, form, basic(key, secret));
  assert.equal(answer.status, 200, answer.body);
  return answer.json().access_token;
}

const bearer = (token: string) => ({ authorization: `Bearer ${token}` });

async function open(token: string, path = '/chat/1.0.0/room'): Promise<WebSocketClient> {
  const client = await openWebSocket(`${postern.http}${path}`, bearer(token));
  assert.equal(await client.echo('hello'), 'hello');
  return client;
}

const asking = {
  connection: 'Upgrade',
  upgrade: 'websocket',
  'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
  'sec-websocket-version': '13',
};

/** The status that a request for a WebSocket gets; 101 if it gets one. */
async function statusOf(path: string, headers: Record<string, string> = {}): Promise<number> {
  const asked = request(`${postern.http}${path}`, { headers: { ...asking, ...headers }, agent: false });
  asked.end();
  const [answer, socket] = await Promise.race([once(asked, 'response'), once(asked, 'upgrade')]);
  socket?.destroy();
  answer.resume();
  return answer.statusCode;
}

test('messages go both ways; the token does not go on, who asked does', async () => {
  const client = await open(await tokenOf(apps.jwt), '/chat/1.0.0/room?a=1');
  const long = 'x'.repeat(60_000);
  assert.equal(await client.echo(long), long);
  const seen = backend.opened.at(-1);
  assert.equal(seen?.url, '/room?a=1');
  assert.equal(seen?.headers.authorization, undefined);
  assert.equal(seen?.headers['x-forwarded-for'], '127.0.0.1');
  client.close();
  await client.closed;
});

test('over TLS, and with the token as browsers send it: in the query, which the back end does not see', async () => {
  const token = await tokenOf(apps.opaque);
  const client = await openWebSocket(`${postern.https}/chat/1.0.0/room?a=1&access_token=${token}&b=2`);
  assert.equal(await client.echo('hello'), 'hello');
  assert.equal(backend.opened.at(-1)?.url, '/room?a=1&b=2');
  client.close();
  await client.closed;
});

test('401 without a token or with a wrong one; 401 to a token in the query of any other request', async () => {
  const token = await tokenOf(apps.jwt);
  assert.equal(await statusOf('/chat/1.0.0/room'), 401);
  assert.equal(await statusOf('/chat/1.0.0/room?access_token=wrong'), 401);
  assert.equal(await statusOf(`/chat/1.0.0/room?access_token=${token}`), 101);
  const plain = await call(`${postern.http}/chat/1.0.0/room?access_token=${token}`);
  assert.equal(plain.status, 401);
  assert.equal(await statusOf(`/chat/1.0.0/room?access_token=${token}`, { upgrade: 'h2c' }), 401);
});

test('403, 404 and 429 as to any request; each WebSocket counts as one', async () => {
  const token = await tokenOf(apps.jwt);
  assert.equal(await statusOf('/nothing', bearer(token)), 404);
  assert.equal(await statusOf('/unwilling/1.0.0/x', bearer(token)), 403, 'what the back end says goes back');
  for (const status of [101, 101, 429]) assert.equal(await statusOf('/chat/1.0.0/rare', bearer(token)), status);
});

test('an upgrade to HTTP/2 goes on as an ordinary request', async () => {
  const headers = { ...bearer(await tokenOf(apps.jwt)), upgrade: 'h2c', connection: 'Upgrade, HTTP2-Settings' };
  assert.equal(await statusOf('/chat/1.0.0/room', { ...headers, 'http2-settings': 'AAMAAABk' }), 426);
  const seen = backend.refused.at(-1)?.headers;
  assert.equal(seen?.upgrade, undefined);
  assert.equal(seen?.['http2-settings'], undefined);
});

for (const form of ['jwt', 'opaque'] as const) {
  test(`an open WebSocket is cut when its token is revoked, and no other: ${form}`, async (t) => {
    const { key, secret } = apps[form];
    const other = await open(await tokenOf(apps[form]));
    const delays: number[] = [];
    for (let i = 0; i < 15; i++) {
      const token = await tokenOf(apps[form]);
      const clients = await Promise.all(Array.from({ length: 4 }, () => open(token)));
      const revoked = await postForm(`${postern.http}/revoke`, { token }, basic(key, secret));
      assert.equal(revoked.status, 200);
      const from = performance.now();
      for (const client of clients) delays.push((await client.closed) - from);
      assert.equal(await statusOf('/chat/1.0.0/room', bearer(token)), 401);
    }
    delays.sort((a, b) => a - b);
    const median = delays[delays.length >> 1] as number;
    t.diagnostic(`cut after ${median.toFixed(1)} ms (median), ${delays.at(-1)?.toFixed(1)} ms (longest)`);
    // What is found only by looking once a second takes half a second.
    assert.ok(median < 200, `${median} ms`);
    assert.equal(await other.echo('still here'), 'still here');
    other.close();
    await other.closed;
  });
}

test('a WebSocket whose token is revoked while the back end thinks about it is cut as soon as it is open', async () => {
  const token = await tokenOf(apps.jwt);
  const opening = openWebSocket(`${postern.http}/thoughtful/1.0.0/x`, bearer(token));
  while (thoughtful.asked === 0) await new Promise(setImmediate);
  await postForm(`${postern.http}/revoke`, { token }, basic(apps.jwt.key, apps.jwt.secret));
  const plain = () => call(`${postern.http}/chat/1.0.0/room`, { headers: bearer(token) });
  while ((await plain()).status !== 401) await new Promise(setImmediate);
  decide(true);
  // It may be cut before its client knows that it was open.
  await opening.then(({ closed }) => closed).catch(() => undefined);
  while (thoughtful.opened.length === 0 || thoughtful.sockets.size > 0) await new Promise(setImmediate);
});

test('an open WebSocket is cut when its subscription is blocked, and no other', async () => {
  const other = await open(await tokenOf(apps.other));
  const client = await open(await tokenOf(apps.jwt));
  const subscriptions = await subscriptionsOf(store.db, apps.jwt.id);
  const id = subscriptions.find((one) => one.apiId === apiId)?.id as string;
  await store.transaction((tx) => updateSubscription(tx, id, { state: 'BLOCKED' }));
  await client.closed;
  assert.equal(await other.echo('still here'), 'still here');
  await store.transaction((tx) => updateSubscription(tx, id, { state: 'UNBLOCKED' }));
  other.close();
  await other.closed;
});

test('open WebSockets are cut when their resource wants a scope that they lack, and when their API is blocked or retired', async () => {
  const change = (more: Partial<Api>) =>
    store.transaction(async (tx) => {
      const api = await findApi(tx.db, apiId);
      assert.ok(api && (await updateApi(tx, catalogApi({ ...deployedApi(api), ...more }))));
    });
  const token = await tokenOf(apps.jwt);
  /** Until it is let in again. */
  const reopened = async (): Promise<WebSocketClient> => {
    while ((await statusOf('/chat/1.0.0/room', bearer(token))) !== 101) await new Promise(setImmediate);
    return open(token);
  };
  let client = await reopened();
  await change({ resources: [resource('GET', '/*', { scopes: ['special'] })] });
  await client.closed;
  await change({ resources: [resource('GET', '/*')] });
  client = await reopened();
  await change({ status: 'BLOCKED' });
  await client.closed;
  await change({ status: 'RETIRED' });
  while ((await statusOf('/chat/1.0.0/room', bearer(token))) !== 404) await new Promise(setImmediate);
  await change({ status: 'PUBLISHED' });
  client = await reopened();
  await change({ status: 'RETIRED' });
  await client.closed;
  await change({ status: 'PUBLISHED' });
  client = await reopened();
  client.close();
  await client.closed;
  // The back end knows of every one that it is gone.
  while (backend.sockets.size > 0) await new Promise(setImmediate);
});

/** What the access log says of WebSockets, once it says that one ended because of `fault`. */
async function linesUntil(fault: number): Promise<Record<string, unknown>[]> {
  for (;;) {
    const written = readFileSync(join(data, 'logs', 'access.log'), 'utf8')
      .split('\n')
      .slice(0, -1);
    const lines = written.map((line) => JSON.parse(line)).filter(({ status }) => status === 101);
    if (lines.some((line) => line.fault === fault)) return lines;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

test('an open WebSocket is cut when its token expires', async () => {
  const token = await tokenOf(apps.other, { validity_period: '5' });
  const { exp } = JSON.parse(Buffer.from(token.split('.')[1] as string, 'base64url').toString());
  const client = await open(token);
  await client.closed;
  assert.ok(Date.now() >= exp * 1000, 'not before');
  await linesUntil(900903);
});

test('the access log has one line for each with what it carried and why it ended; the metrics count it', async () => {
  const lines = await linesUntil(900901);
  const cut = lines.filter(({ fault, api }) => fault === 900901 && api === 'chat');
  assert.equal(cut.length, 120);
  for (const line of cut) {
    assert.equal(line.failure, 'cut');
    // A masked frame of five letters, and one without a mask.
    assert.deepEqual([line.fromClient, line.fromBackend], [11, 7]);
    assert.ok(Number(line.ms) > 0);
    assert.equal(line.path, '/chat/1.0.0/room');
  }
  assert.ok(lines.some(({ fault, failure }) => fault === undefined && failure === undefined));
  for (const code of [900907, 900910, 700700]) assert.ok(lines.some(({ fault }) => fault === code));
  const metrics = (await call(`${postern.admin}/metrics`)).body;
  assert.match(metrics, /^postern_requests_total\{api="chat",version="1\.0\.0",status="1xx"\} \d+$/m);
  assert.match(metrics, /^postern_faults_total\{api="chat",version="1\.0\.0",code="900901"\} 1[2-9]\d$/m);
});

test('501 from a gateway on the wire node, to a handshake and to nothing else', async () => {
  const api = testApi('chat', backend.url, { resources: [testResource({ authType: 'None' })] });
  const gateway = await startTestGateway({ fixed: { entities: [api] }, flags: ['--gateway.wire=node'] });
  try {
    const refused = await call(`${gateway.http}/chat/1.0.0/room`, { headers: asking, fresh: true });
    assert.equal(refused.status, 501);
    assert.equal(refused.json().fault.code, 501);
    const other = { ...asking, upgrade: 'h2c' };
    assert.equal((await call(`${gateway.http}/chat/1.0.0/room`, { headers: other, fresh: true })).status, 426);
  } finally {
    await gateway.stop();
  }
});

test('the metrics say how many are open', async () => {
  const openNow = async () =>
    /^postern_tunnels\{api="chat",version="1\.0\.0"\} (\d+)$/m.exec((await call(`${postern.admin}/metrics`)).body)?.[1];
  assert.equal(await openNow(), '0');
  const token = await tokenOf(apps.other);
  const clients = [await open(token), await open(token)];
  assert.equal(await openNow(), '2');
  for (const client of clients) client.close();
  while ((await openNow()) !== '0') await new Promise(setImmediate);
});

test('a gateway that is stopped leaves WebSockets open for a while, then cuts them', async () => {
  const client = await open(await tokenOf(apps.other));
  const from = performance.now();
  const stopped = postern.stop();
  const closed = await client.closed;
  assert.ok(closed - from > 450, `${closed - from} ms`);
  assert.equal(await stopped, 0);
});
