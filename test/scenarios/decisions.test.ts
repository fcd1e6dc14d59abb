/**
 * Decisions other than revocations reach a running gateway, for tokens whose validation is cached. They are made in the
 * store by another process, this test, so that the hub hears of them at its next heartbeat; what is decided in the
 * hub's own process is announced at once.
 */
import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { deleteApi, findApi, updateApi } from '../../src/adapters/stores/apis.ts';
import { updateApplication } from '../../src/adapters/stores/applications.ts';
import { deleteClient } from '../../src/adapters/stores/clients.ts';
import { putPolicy } from '../../src/adapters/stores/policies.ts';
import type { Store } from '../../src/adapters/stores/store.ts';
import {
  createSubscription,
  deleteSubscription,
  subscriptionsOf,
  updateSubscription,
} from '../../src/adapters/stores/subscriptions.ts';
import type { Api } from '../../src/core/api.ts';
import { deployedApi } from '../../src/core/deployed-api.ts';
import { type Backend, startBackend } from '../support/backend.ts';
import { type Answer, basic, call, closeConnections, postForm } from '../support/call.ts';
import { catalogApi } from '../support/catalog-api.ts';
import { fillStore, resource } from '../support/fill-store.ts';
import { newDataFolder, type Postern, startPostern } from '../support/postern.ts';
import { openTestStore } from '../support/store.ts';

const data = newDataFolder();
const createdAt = 1_700_000_000;
let backend: Backend;
let postern: Postern;
let store: Store;
let apiId: string;
let app: { id: string; key: string; secret: string };
const tokens: string[] = [];

before(async () => {
  backend = await startBackend();
  await fillStore(data, async (fill) => {
    apiId = await fill.api('shop', {
      endpoints: { production: { url: backend.url } },
      resources: [resource('GET', '/x')],
    });
    app = await fill.application('app', { subscribe: [apiId] });
  });
  postern = await startPostern({ data, args: ['--gateway.threads=2', '--controlPlane.heartbeat=100'] });
  store = await openTestStore(data);
  const form = { grant_type: 'client_credentials' };
  const answer = await postForm(`${postern.http}/token`, form, basic(app.key, app.secret));
  tokens.push(answer.json().access_token);
});
after(async () => {
  closeConnections();
  await store?.close();
  await postern?.stop();
  await backend.close();
  rmSync(data, { recursive: true, force: true });
});

const ask = (path = '/shop/1.0.0/x'): Promise<Answer> =>
  call(`${postern.http}${path}`, { headers: { authorization: `Bearer ${tokens[0]}` }, fresh: true });

/** Asks until the gateway answers like that, ten seconds at most; 200 has no code. */
async function becomes(status: number, code?: number, path?: string): Promise<void> {
  const from = Date.now();
  for (;;) {
    const answer = await ask(path);
    const found = answer.status === 200 ? undefined : answer.json().fault.code;
    if (answer.status === status && found === code) return;
    assert.ok(Date.now() - from < 10_000, `expected ${status}/${code}, still ${answer.status}/${found}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

async function changeApi(change: Partial<Api>): Promise<void> {
  await store.transaction(async (tx) => {
    const api = await findApi(tx.db, apiId);
    assert.ok(api && (await updateApi(tx, catalogApi({ ...deployedApi(api), ...change }))));
  });
}

test('a subscription: blocked, on hold, unblocked, deleted, made again', async () => {
  await becomes(200);
  const [subscription] = await subscriptionsOf(store.db, app.id);
  assert.ok(subscription);
  const { id } = subscription;
  await store.transaction((tx) => updateSubscription(tx, id, { state: 'BLOCKED' }));
  await becomes(403, 900907);
  await store.transaction((tx) => updateSubscription(tx, id, { state: 'ON_HOLD' }));
  await becomes(403, 900909);
  await store.transaction((tx) => updateSubscription(tx, id, { state: 'UNBLOCKED' }));
  await becomes(200);
  await store.transaction((tx) => deleteSubscription(tx, id));
  await becomes(403, 900908);
  await store.transaction((tx) => createSubscription(tx, subscription, { createdAt }));
  await becomes(200);
});

test('a scope that the resource needs from now on, and no longer', async () => {
  await changeApi({ resources: [resource('GET', '/x', { scopes: ['special'] })] });
  await becomes(403, 900910);
  await changeApi({ resources: [resource('GET', '/x'), resource('GET', '/new')] });
  await becomes(200);
  await becomes(200, undefined, '/shop/1.0.0/new');
});

test('the life cycle: blocked, published, retired', async () => {
  await changeApi({ status: 'BLOCKED' });
  await becomes(503, 700700);
  await changeApi({ status: 'PUBLISHED' });
  await becomes(200);
  await changeApi({ status: 'RETIRED' });
  await becomes(404, 404);
  await changeApi({ status: 'PUBLISHED' });
  await becomes(200);
});

test("a limit: an application's tier that is set, whose policy changes, and that is lifted", async () => {
  const policy = { level: 'application', name: 'Tight', stopOnQuota: true } as const;
  const put = (count: number) =>
    store.transaction(async (tx) => putPolicy(tx, { ...policy, limit: { count, windowMs: 600_000 } }));
  await put(1);
  await store.transaction((tx) => updateApplication(tx, app.id, { tier: 'Tight' }));
  await becomes(429, 900803);
  await put(1_000_000);
  await becomes(200);
  await put(1);
  await becomes(429, 900803);
  await store.transaction((tx) => updateApplication(tx, app.id, { tier: 'Unlimited' }));
  await becomes(200);
});

test('a consumer key that is deleted, an API that is deleted', async () => {
  await store.transaction((tx) => deleteClient(tx, app.key));
  await becomes(403, 900908);
  await store.transaction((tx) => deleteApi(tx, apiId));
  await becomes(404, 404);
});
