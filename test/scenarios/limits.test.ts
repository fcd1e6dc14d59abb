/** Limits are exact, whatever the number of threads, and a refused request takes nothing. */
import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { after, before, test } from 'node:test';
import type { Policy, PolicyLevel } from '../../src/core/policy.ts';
import { type Backend, startBackend } from '../support/backend.ts';
import { type Answer, basic, call, closeConnections, postForm } from '../support/call.ts';
import { fillStore, resource } from '../support/fill-store.ts';
import { newDataFolder, type Postern, startPostern } from '../support/postern.ts';

const data = newDataFolder();
let backend: Backend;
let postern: Postern;
let apps: Record<string, { key: string; secret: string }>;

const policy = (level: PolicyLevel, name: string, count: number, stopOnQuota = true): Policy => ({
  level,
  name,
  limit: { count, windowMs: 60_000 },
  stopOnQuota,
});

before(async () => {
  backend = await startBackend();
  apps = await fillStore(data, async (fill) => {
    fill.policy(policy('subscription', '100PerMin', 100));
    fill.policy(policy('subscription', '5PerMin', 5));
    fill.policy(policy('subscription', 'Soft5PerMin', 5, false));
    fill.policy(policy('subscription', 'Unauthenticated', 3));
    fill.policy(policy('application', '7PerMin', 7));
    fill.policy(policy('resource', '4PerMin', 4));
    const endpoints = { production: { url: backend.url } };
    const echo = await fill.api('echo', {
      endpoints,
      resources: [
        resource('GET', '/x'),
        resource('GET', '/few', { tier: '4PerMin' }),
        resource('GET', '/open', { authType: 'None' }),
      ],
    });
    const other = await fill.api('other', { endpoints });
    const whole = await fill.api('whole', {
      endpoints,
      tier: '4PerMin',
      resources: [resource('GET', '/a', { tier: '4PerMin' }), resource('GET', '/b')],
    });
    const capped = await fill.api('capped', { endpoints, maxTps: { production: 3, sandbox: 100 } });
    const subscribe = [echo, other, whole, capped];
    return {
      hundred: await fill.application('hundred', { subscribe, subscriptionTier: '100PerMin' }),
      five: await fill.application('five', { subscribe, subscriptionTier: '5PerMin' }),
      soft: await fill.application('soft', { subscribe, subscriptionTier: 'Soft5PerMin' }),
      seven: await fill.application('seven', { subscribe, tier: '7PerMin' }),
      free: await fill.application('free', { subscribe }),
      trial: await fill.application('trial', { subscribe, tier: '7PerMin', keyType: 'SANDBOX' }),
    };
  });
  postern = await startPostern({ data, args: ['--gateway.threads=4'] });
});
after(async () => {
  closeConnections();
  await postern?.stop();
  await backend.close();
  rmSync(data, { recursive: true, force: true });
});

async function caller(app: string): Promise<(path: string) => Promise<Answer>> {
  const { key, secret } = apps[app] as { key: string; secret: string };
  const answer = await postForm(`${postern.http}/token`, { grant_type: 'client_credentials' }, basic(key, secret));
  const headers = { authorization: `Bearer ${answer.json().access_token}` };
  return (path) => call(`${postern.http}${path}`, { headers });
}

/** How many of `count` requests, all at once, were passed; the others were refused with this code. */
async function passed(
  ask: (path: string) => Promise<Answer>,
  path: string,
  count: number,
  code: number,
): Promise<number> {
  const answers = await Promise.all(Array.from({ length: count }, () => ask(path)));
  const refused = answers.filter((answer) => answer.status !== 200);
  for (const answer of refused) {
    assert.equal(answer.status, 429, answer.body);
    assert.equal(answer.json().fault.code, code);
    const seconds = Number(answer.headers['retry-after']);
    assert.ok(seconds >= 1 && seconds <= 60, `Retry-After: ${seconds}`);
  }
  return count - refused.length;
}

test('exactly 100 of 400 simultaneous requests pass a limit of 100, with four threads', async (t) => {
  const ask = await caller('hundred');
  assert.equal(await passed(ask, '/echo/1.0.0/x', 400, 900804), 100);
  const status = (await call(`${postern.admin}/status`)).json();
  assert.equal(status.threads.running, 4);
  t.diagnostic(`back end: ${backend.requests} requests`);
  // The limit is of the subscription: another API has its own.
  assert.equal(await passed(ask, '/other/1.0.0/x', 5, 900804), 5);
});

test('429/900804 over the limit of the subscription', async () => {
  const ask = await caller('five');
  assert.equal(await passed(ask, '/other/1.0.0/x', 12, 900804), 5);
});

test('a policy that does not stop on quota lets over-use pass', async () => {
  const ask = await caller('soft');
  assert.equal(await passed(ask, '/other/1.0.0/x', 12, 900804), 12);
});

test('429/900803 over the limit of the application, over all its APIs; refusals take nothing', async () => {
  const ask = await caller('seven');
  assert.equal(await passed(ask, '/other/1.0.0/x', 5, 900803), 5);
  assert.equal(await passed(ask, '/echo/1.0.0/x', 20, 900803), 2);
  // Requests that the application's limit refused have not used up the resource's.
  const free = await caller('free');
  assert.equal(await passed(ask, '/echo/1.0.0/few', 10, 900803), 0);
  assert.equal(await passed(free, '/echo/1.0.0/few', 10, 900802), 4);
});

test('429/900800 when the API has a policy: it holds for all its resources together', async () => {
  const ask = await caller('free');
  assert.equal(await passed(ask, '/whole/1.0.0/a', 2, 900800), 2);
  assert.equal(await passed(ask, '/whole/1.0.0/b', 10, 900800), 2);
});

test('resources without authentication share the policy Unauthenticated', async () => {
  const ask = (path: string): Promise<Answer> => call(`${postern.http}${path}`);
  assert.equal(await passed(ask, '/echo/1.0.0/open', 10, 900804), 3);
});

test('503/900801 when the back end gets as many requests a second as it can take', async () => {
  const ask = await caller('free');
  // All within a second: a window begins with the first of them.
  const answers = await Promise.all(Array.from({ length: 20 }, () => ask('/capped/1.0.0/x')));
  const refused = answers.filter(({ status }) => status !== 200);
  assert.ok(refused.length >= 14, `${refused.length} refused`);
  for (const answer of refused) {
    assert.deepEqual([answer.status, answer.json().fault.code, answer.headers['retry-after']], [503, 900801, '1']);
  }
  // A sandbox has a cap of its own; here it isn't reached, and the refusal is that there is no such endpoint.
  assert.equal((await (await caller('trial'))('/capped/1.0.0/x')).status, 403);
});
