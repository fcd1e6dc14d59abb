/**
 * The two tables of docs/revocation.md, row by row: for how long a revoked token may be accepted when sources fail, and
 * when a gateway that starts is ready.
 */
import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { after, afterEach, before, test } from 'node:test';
import { openHubSource } from '../../src/adapters/brokers/hub.ts';
import { severalSources } from '../../src/adapters/brokers/several.ts';
import { addBuiltInPolicies } from '../../src/adapters/stores/policies.ts';
import { type Backend, startBackend } from '../support/backend.ts';
import { type Answer, call, closeConnections } from '../support/call.ts';
import { startTestGateway, type TestGateway, testApi, testIssuer } from '../support/gateway.ts';
import { type HubOptions, revoked, serveAsHub, startHub, type TestHub } from '../support/hub.ts';
import { newDataFolder } from '../support/postern.ts';
import { newSigner } from '../support/signer.ts';

const issuer = 'https://issuer.example';
const signer = newSigner();
const hubs: TestHub[] = [];
const folders: string[] = [];
let backend: Backend;
let gateway: TestGateway | null = null;

before(async () => {
  backend = await startBackend();
});
afterEach(async () => {
  closeConnections();
  await gateway?.stop();
  gateway = null;
  for (const hub of hubs.splice(0)) await hub.remove();
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});
after(() => backend.close());

/** A hub whose store has the APIs `open` and `closed`. */
async function newHub(): Promise<TestHub> {
  const hub = await startHub({ heartbeat: 200 });
  hubs.push(hub);
  await hub.store.transaction(addBuiltInPolicies);
  await hub.commit(
    testIssuer({ issuer, keys: [signer.jwk], subscriptions: 'none' }),
    testApi('open', backend.url),
    testApi('closed', backend.url, { whenStale: 'closed' }),
  );
  return hub;
}

/** The same hub once more: another node, or the one that was stopped. */
async function again(hub: TestHub, port = 0, wrap: HubOptions['wrap'] = (changes) => changes): Promise<TestHub> {
  const other = await startHub({ dir: hub.dir, port, heartbeat: 200, wrap });
  hubs.push(other);
  return other;
}

function newFolder(): string {
  const folder = newDataFolder();
  folders.push(folder);
  return folder;
}

/** @param urls of its sources */
async function start(hub: TestHub, urls: readonly string[], flags: readonly string[] = [], data = newFolder()) {
  const { certificates } = hub;
  const sources = urls.map((url) => openHubSource({ url, ca: certificates.ca, ...certificates.gateway }));
  gateway = await startTestGateway({ fixed: null, certificates, data, flags, source: severalSources(sources) });
  return gateway;
}

const token = (jti: string): string => signer.sign({ iss: issuer, jti });

async function use(api: 'open' | 'closed', bearer: string): Promise<Answer> {
  return call(`${gateway?.http}/${api}/1.0.0/x`, { headers: { authorization: `Bearer ${bearer}` } });
}

/** Milliseconds until nothing else is there; fails after `limit`. */
async function until(limit: number, ask: () => Promise<string | null>): Promise<number> {
  const from = performance.now();
  for (;;) {
    const otherwise = await ask();
    if (otherwise === null) break;
    assert.ok(performance.now() - from < limit, `not within ${limit} ms, but ${otherwise}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  return performance.now() - from;
}

const is = (status: number, api: 'open' | 'closed', bearer: string) => async () => {
  const answer = await use(api, bearer);
  return answer.status === status ? null : `${answer.status} ${answer.body}`;
};

const admin = async (path: string): Promise<Answer> => call(`${gateway?.admin}${path}`);

for (const kind of ['dead', 'silent'] as const) {
  test(`one source ${kind}, another reachable: 401 within 5 s`, async () => {
    const first = await newHub();
    const silent = await serveAsHub(first.certificates, (_request, response) => {
      if (kind === 'silent') response.writeHead(200, { 'content-type': 'application/x-ndjson' }).flushHeaders();
    });
    const dead = 'https://127.0.0.1:1';
    try {
      await start(first, [kind === 'silent' ? silent.url : dead, first.url]);
      const good = token('good');
      const bad = token('bad');
      // It has no copy, so the snapshot comes from whom it can be had of.
      await until(8000, is(200, 'open', bad));
      await first.commit(revoked('bad'));
      await until(5000, is(401, 'open', bad));
      assert.equal((await use('closed', good)).status, 200);
    } finally {
      await silent.close();
    }
  });
}

test('the source that is followed dies, another node has what was decided: 401 within 5 s', async () => {
  const first = await newHub();
  const second = await again(first);
  await start(first, [first.url, second.url]);
  const bad = token('bad');
  await until(5000, is(200, 'open', bad));
  assert.match((await admin('/status')).json().source.source, new RegExp(String(first.port)));
  await first.stop();
  await second.commit(revoked('bad'));
  await until(5000, is(401, 'open', bad));
  assert.match((await admin('/status')).json().source.source, new RegExp(String(second.port)));
});

test('all sources cut: an API that is closed answers 503/900953 after maxStaleness, never 401; one that is open goes on', async () => {
  const hub = await newHub();
  await start(hub, [hub.url], ['--gateway.maxStaleness=1500']);
  const bearer = token('any');
  await until(5000, is(200, 'closed', bearer));
  await hub.stop();
  const took = await until(4000, is(503, 'closed', bearer));
  assert.ok(took > 1000, `already after ${took} ms`);
  const answer = await use('closed', bearer);
  assert.equal(answer.json().fault.code, 900953);
  assert.equal(answer.headers['retry-after'], '1');
  assert.equal((await use('open', bearer)).status, 200);
  const { source } = (await admin('/status')).json();
  assert.ok(source.stalenessMs > 1500 && !source.connected);
  assert.match((await admin('/metrics')).body, /^postern_staleness_seconds [1-9]/m);
  await again(hub, hub.port);
  await until(3000, is(200, 'closed', bearer));
});

test('all sources cut: an API that is open accepts what was revoked meanwhile until 1 s after a source returns', async () => {
  const hub = await newHub();
  await start(hub, [hub.url]);
  const bad = token('bad');
  await until(5000, is(200, 'open', bad));
  await hub.stop();
  const back = await again(hub, hub.port);
  await back.commit(revoked('bad'));
  await until(1000, is(401, 'open', bad));
});

test('--gateway.whenStale=closed closes APIs that don’t say it themselves', async () => {
  const hub = await newHub();
  await start(hub, [hub.url], ['--gateway.whenStale=closed', '--gateway.maxStaleness=500']);
  const bearer = token('any');
  await until(5000, is(200, 'open', bearer));
  await hub.stop();
  await until(3000, is(503, 'open', bearer));
});

test('start with a disk copy and a source: ready when everything was applied, and not before', async () => {
  const hub = await newHub();
  const data = newFolder();
  await start(hub, [hub.url], [], data);
  await until(5000, is(200, 'open', token('any')));
  await gateway?.stop();
  // Decided while it was away; the source is slow to tell.
  await hub.commit(revoked('bad'));
  const { port } = hub;
  await hub.stop();
  await start(hub, [hub.url], ['--gateway.startupWait=60000'], data);
  assert.equal((await admin('/ready')).status, 503);
  const early = await use('open', token('bad'));
  assert.deepEqual([early.status, early.json().fault.code], [503, 900950]);
  await again(hub, port);
  await gateway?.gateway.serving;
  assert.equal((await use('open', token('bad'))).status, 401);
});

test('start with a disk copy and a source that takes longer than startupWait to tell everything: not before', async () => {
  const hub = await newHub();
  const data = newFolder();
  await start(hub, [hub.url], [], data);
  await until(5000, is(200, 'open', token('any')));
  await gateway?.stop();
  for (let n = 0; n < 800; n += 100) await hub.commit(...Array.from({ length: 100 }, (_, i) => revoked(`r${n + i}`)));
  await hub.commit(revoked('bad'));
  await hub.stop();
  const slow = await again(hub, hub.port, (changes) => ({
    head: () => changes.head(),
    has: (position) => changes.has(position),
    snapshot: (apart) => changes.snapshot(apart),
    onCommit: (listener) => changes.onCommit(listener),
    trim: (olderThanMs) => changes.trim(olderThanMs),
    async after(number, limit) {
      await new Promise((resolve) => setTimeout(resolve, 300));
      return changes.after(number, limit);
    },
  }));
  await start(hub, [slow.url], ['--gateway.startupWait=400'], data);
  for (let status = 503; status === 503; ) {
    ({ status } = await use('open', token('bad')));
    assert.notEqual(status, 200);
  }
});

test('start with a disk copy and no source: ready after startupWait, as stale as the copy is', async () => {
  const hub = await newHub();
  const data = newFolder();
  await start(hub, [hub.url], [], data);
  await until(5000, is(200, 'open', token('any')));
  await gateway?.stop();
  await hub.stop();
  await new Promise((resolve) => setTimeout(resolve, 700));
  await start(hub, [hub.url], ['--gateway.startupWait=800', '--gateway.maxStaleness=1000'], data);
  const from = performance.now();
  assert.equal((await use('open', token('any'))).status, 503);
  await until(5000, is(200, 'open', token('any')));
  assert.ok(performance.now() - from > 600, 'it waited');
  const answer = await use('closed', token('any'));
  assert.deepEqual([answer.status, answer.json().fault.code], [503, 900953], 'the copy is too old already');
});

test('start with neither: not ready, and 503 on the traffic port', async () => {
  const hub = await newHub();
  await hub.stop();
  await start(hub, [hub.url], ['--gateway.startupWait=1']);
  await new Promise((resolve) => setTimeout(resolve, 300));
  assert.equal((await admin('/ready')).status, 503);
  const answer = await use('open', token('any'));
  assert.deepEqual([answer.status, answer.json().fault.code], [503, 900950]);
});

test('start at a source where it is not enrolled: 503, and the status says how it is enrolled', async () => {
  const stranger = await newHub();
  const hub = await newHub();
  await start(stranger, [hub.url]);
  await until(5000, async () => {
    const { shut, source } = (await admin('/status')).json();
    const advice = `; this gateway is not enrolled there: postern enrol CODE --server-url ${hub.url}`;
    return shut?.endsWith(advice) && source.sourceFailure === shut ? null : `${shut}, ${source.sourceFailure}`;
  });
  assert.match((await admin('/metrics')).body, /^postern_staleness_seconds \+Inf$/m);
  assert.equal((await use('open', token('any'))).status, 503);
});

test('start without a source in its configuration: ready at once, and closed to nobody', async () => {
  gateway = await startTestGateway({
    flags: ['--gateway.maxStaleness=0'],
    fixed: {
      entities: [
        testIssuer({ issuer, keys: [signer.jwk], subscriptions: 'none' }),
        testApi('closed', backend.url, { whenStale: 'closed' }),
      ],
    },
  });
  await gateway.gateway.serving;
  assert.equal((await admin('/ready')).status, 200);
  assert.equal((await use('closed', token('any'))).status, 200);
});
