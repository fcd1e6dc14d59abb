/** Throttling policies by REST, and what they do at the gateway. */
import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { type Backend, startBackend } from '../../support/backend.ts';
import { type Answer, basic, call, closeConnections, postForm } from '../../support/call.ts';
import { fillStore, resource } from '../../support/fill-store.ts';
import { newDataFolder, type Postern, startPostern } from '../../support/postern.ts';
import { logIn, type RestClient, restClient } from '../../support/rest.ts';

const data = newDataFolder();
let backend: Backend;
let postern: Postern;
let admin: RestClient;
let apps: Record<string, { id: string; key: string; secret: string }>;

before(async () => {
  backend = await startBackend();
  apps = await fillStore(data, async (fill) => {
    const endpoints = { production: { url: backend.url } };
    const echo = await fill.api('echo', { endpoints });
    const groups = await fill.api('groups', {
      endpoints,
      resources: [resource('GET', '/x', { tier: 'Grouped' }), resource('GET', '/claim', { tier: 'Claimed' })],
    });
    const subscribe = [echo, groups];
    return {
      few: await fill.application('few', { subscribe, tier: 'Few' }),
      burst: await fill.application('burst', { subscribe, subscriptionTier: 'Bursty' }),
      silent: await fill.application('silent', { subscribe, subscriptionTier: 'Silent' }),
      free: await fill.application('free', { subscribe }),
    };
  });
  postern = await startPostern({ data });
  const scopes = ['apim:tier_view', 'apim:tier_manage'];
  admin = restClient(`${postern.server}/api/am/admin/v1`, await logIn(postern.server, { scopes }));
});
after(async () => {
  closeConnections();
  await postern?.stop();
  await backend.close();
  rmSync(data, { recursive: true, force: true });
});

type Headers = Record<string, string>;

async function caller(app: string): Promise<(path: string, headers?: Headers) => Promise<Answer>> {
  const { key, secret } = apps[app] as { key: string; secret: string };
  const answer = await postForm(`${postern.http}/token`, { grant_type: 'client_credentials' }, basic(key, secret));
  const authorization = `Bearer ${answer.json().access_token}`;
  return (path, headers = {}) => call(`${postern.http}${path}`, { headers: { authorization, ...headers } });
}

/** Asks until the answer has this status: a change is on its way, but takes milliseconds only. */
async function within(ms: number, ask: () => Promise<Answer>, status: number): Promise<void> {
  const began = performance.now();
  for (;;) {
    const answer = await ask();
    if (answer.status === status) return;
    assert.ok(performance.now() - began < ms, `${status} within ${ms} ms, but it is ${answer.status} ${answer.body}`);
  }
}

async function statuses(ask: () => Promise<Answer>, count: number): Promise<Record<number, number>> {
  const counts: Record<number, number> = {};
  for (let i = 0; i < count; i++) {
    const { status } = await ask();
    counts[status] = (counts[status] ?? 0) + 1;
  }
  return counts;
}

const perHour = (requestCount: number) => ({
  type: 'REQUESTCOUNTLIMIT',
  requestCount: { timeUnit: 'hour', unitTime: 1, requestCount },
});

test('an application policy made by REST limits at once; a change of it too', async () => {
  const ask = await caller('few');
  assert.equal((await ask('/echo/1.0.0/x')).json().fault.code, 900809);
  const policy = { policyName: 'Few', description: 'Three an hour.', defaultLimit: perHour(3) };
  const created = await admin.post('/throttling/policies/application', policy);
  assert.equal(created.status, 201, created.body);
  const { policyId } = created.json();
  assert.ok(created.headers.location?.endsWith(`/api/am/admin/v1/throttling/policies/application/${policyId}`));
  await within(500, () => ask('/echo/1.0.0/x'), 200);
  assert.deepEqual(await statuses(() => ask('/echo/1.0.0/x'), 5), { 200: 2, 429: 3 });
  const refused = await ask('/echo/1.0.0/x');
  assert.equal(refused.json().fault.code, 900803);
  assert.ok(Number(refused.headers['retry-after']) > 3000, `${refused.headers['retry-after']}`);

  const path = `/throttling/policies/application/${policyId}`;
  const updated = await admin.put(path, { ...created.json(), defaultLimit: perHour(5) });
  assert.equal(updated.status, 200, updated.body);
  await within(500, () => ask('/echo/1.0.0/x'), 200);
  assert.deepEqual(await statuses(() => ask('/echo/1.0.0/x'), 4), { 200: 1, 429: 3 });
  assert.deepEqual((await admin.get(path)).json(), updated.json());
  assert.equal((await admin.get(path)).json().defaultLimit.requestCount.requestCount, 5);
});

test('409 for a policy that somebody uses, naming who; 200 when nobody does; then 404', async () => {
  const list = (await admin.get('/throttling/policies/application')).json().list;
  const { policyId } = list.find((one: { policyName: string }) => one.policyName === 'Few');
  const refused = await admin.delete(`/throttling/policies/application/${policyId}`);
  assert.equal(refused.status, 409);
  assert.match(refused.json().description, /the application admin@carbon\.super:few/);
  for (const [level, name, why] of [
    ['subscription', 'Unlimited', /can't be deleted/],
    ['subscription', 'Unauthenticated', /every resource without authentication/],
  ] as const) {
    const policies = (await admin.get(`/throttling/policies/${level}`)).json().list;
    const { policyId: id } = policies.find((one: { policyName: string }) => one.policyName === name);
    const answer = await admin.delete(`/throttling/policies/${level}/${id}`);
    assert.equal(answer.status, 409);
    assert.match(answer.json().description, why);
  }
  const created = await admin.post('/throttling/policies/application', {
    policyName: 'Unused',
    defaultLimit: perHour(1),
  });
  const path = `/throttling/policies/application/${created.json().policyId}`;
  assert.equal((await admin.delete(path)).status, 200);
  assert.equal((await admin.get(path)).status, 404);
  assert.equal((await admin.delete(path)).status, 404);
});

test('429/900807 over the burst of a subscription policy, without using up its quota', async () => {
  const policy = {
    policyName: 'Bursty',
    defaultLimit: perHour(100),
    rateLimitCount: 2,
    rateLimitTimeUnit: 'hour',
    stopOnQuotaReach: true,
    customAttributes: [{ name: 'colour', value: 'blue' }],
    permissions: { permissionType: 'ALLOW', roles: ['Internal/subscriber'] },
  };
  const created = await admin.post('/throttling/policies/subscription', policy);
  assert.equal(created.status, 201, created.body);
  for (const [key, value] of Object.entries(policy)) assert.deepEqual(created.json()[key], value, key);
  const ask = await caller('burst');
  await within(500, () => ask('/echo/1.0.0/x'), 200);
  assert.deepEqual(await statuses(() => ask('/echo/1.0.0/x'), 5), { 200: 1, 429: 4 });
  assert.equal((await ask('/echo/1.0.0/x')).json().fault.code, 900807);
  const path = `/throttling/policies/subscription/${created.json().policyId}`;
  // What was refused has taken nothing of the quota: three of four more pass when it is five.
  await admin.put(path, { ...policy, defaultLimit: perHour(5), rateLimitCount: 0 });
  await within(500, () => ask('/echo/1.0.0/x'), 200);
  assert.deepEqual(await statuses(() => ask('/echo/1.0.0/x'), 6), { 200: 2, 429: 4 });
  assert.equal((await ask('/echo/1.0.0/x')).json().fault.code, 900804);
  assert.match(
    (await admin.delete(path)).json().description,
    /subscription of admin@carbon\.super:burst to echo 1\.0\.0/,
  );
  // Over-use passes where the policy doesn't stop it.
  await admin.put(path, { ...policy, defaultLimit: perHour(5), rateLimitCount: 1, stopOnQuotaReach: false });
  await within(500, () => ask('/echo/1.0.0/x'), 200);
  assert.deepEqual(await statuses(() => ask('/echo/1.0.0/x'), 4), { 200: 4 });
});

test('429 over a subscription policy that does not say whether it stops', async () => {
  const policy = { policyName: 'Silent', defaultLimit: perHour(2) };
  const created = await admin.post('/throttling/policies/subscription', policy);
  assert.equal(created.status, 201, created.body);
  assert.equal(created.json().stopOnQuotaReach, true);
  const ask = await caller('silent');
  await within(500, () => ask('/echo/1.0.0/x'), 200);
  assert.deepEqual(await statuses(() => ask('/echo/1.0.0/x'), 4), { 200: 1, 429: 3 });
});

test('conditional groups of an advanced policy: each has its limit, and what fits none has the default one', async () => {
  const group = (limit: number, ...conditions: unknown[]) => ({ conditions, limit: perHour(limit) });
  const header = (name: string, value: string, invertCondition = false) => ({
    type: 'HEADERCONDITION',
    invertCondition,
    headerCondition: { headerName: name, headerValue: value },
  });
  const policy = {
    policyName: 'Grouped',
    defaultLimit: perHour(3),
    conditionalGroups: [
      group(1, header('X-Device', '^phone-\\d+$')),
      group(2, header('x-device', '^tablet$'), header('X-Trusted', 'yes', true)),
      group(2, {
        type: 'QUERYPARAMETERCONDITION',
        queryParameterCondition: { parameterName: 'mode', parameterValue: 'slow' },
      }),
      group(1, {
        type: 'JWTCLAIMSCONDITION',
        jwtClaimsCondition: { claimUrl: 'keytype', attribute: 'SANDBOX' },
      }),
      group(1, {
        type: 'IPCONDITION',
        ipCondition: {
          ipConditionType: 'IPRANGE',
          startingIP: '10.0.0.0',
          endingIP: '10.255.255.255',
          specificIP: null,
        },
      }),
    ],
  };
  const created = await admin.post('/throttling/policies/advanced', policy);
  assert.equal(created.status, 201, created.body);
  const groups = created.json().conditionalGroups;
  assert.equal(groups.length, 5);
  assert.deepEqual(groups[1].conditions[1], header('x-trusted', 'yes', true));
  const ask = await caller('free');
  const get = (headers: Headers = {}, query = '') => ask(`/groups/1.0.0/x${query}`, headers);
  await within(500, () => get(), 200);
  assert.deepEqual(await statuses(() => get({ 'x-device': 'phone-7' }), 3), { 200: 1, 429: 2 });
  assert.deepEqual(await statuses(() => get({ 'x-device': 'tablet' }), 3), { 200: 2, 429: 1 });
  assert.deepEqual(await statuses(() => get({}, '?mode=slow&a=b'), 3), { 200: 2, 429: 1 });
  // None of those has used up the default limit, nor have the refused ones.
  const trusted = { 'x-device': 'tablet', 'x-trusted': 'yes' };
  assert.deepEqual(await statuses(() => get(trusted), 4), { 200: 2, 429: 2 });
  assert.equal((await get()).json().fault.code, 900802);

  const inUse = await admin.delete(`/throttling/policies/advanced/${created.json().policyId}`);
  assert.deepEqual(
    [inUse.status, inUse.json().description],
    [409, 'The policy Grouped is in use by the API groups 1.0.0.'],
  );

  // A request that fits two groups takes from both: the one that is used up decides, and the other loses nothing.
  const path = `/throttling/policies/advanced/${created.json().policyId}`;
  const both = [group(5, header('x-device', 'desk')), group(1, header('x-color', 'red'))];
  await admin.put(path, { ...policy, conditionalGroups: both });
  await within(500, () => get({ 'x-device': 'desk' }), 200);
  assert.equal((await get({ 'x-device': 'desk', 'x-color': 'red' })).status, 429);
  assert.deepEqual(await statuses(() => get({ 'x-device': 'desk' }), 6), { 200: 3, 429: 3 });
});

test('conditions look at the claims of the token and at the address; all of a group have to fit', async () => {
  const claim = (attribute: string) => ({
    type: 'JWTCLAIMSCONDITION',
    jwtClaimsCondition: { claimUrl: 'keytype', attribute },
  });
  const address = (specificIP: string, invertCondition: boolean) => ({
    type: 'IPCONDITION',
    invertCondition,
    ipCondition: { ipConditionType: 'IPSPECIFIC', specificIP },
  });
  const policy = {
    policyName: 'Claimed',
    defaultLimit: perHour(1),
    conditionalGroups: [
      { conditions: [claim('^PRODUCTION$'), address('203.0.113.9', true)], limit: perHour(4) },
      { conditions: [claim('PRODUCTION'), address('203.0.113.9', false)], limit: perHour(2) },
    ],
  };
  assert.equal((await admin.post('/throttling/policies/advanced', policy)).status, 201);
  const ask = await caller('free');
  await within(500, () => ask('/groups/1.0.0/claim'), 200);
  assert.deepEqual(await statuses(() => ask('/groups/1.0.0/claim'), 5), { 200: 3, 429: 2 });
});

test('400 for what can not be enforced, with what is wrong', async () => {
  const condition = (one: unknown) => ({
    policyName: 'Refused',
    defaultLimit: perHour(1),
    conditionalGroups: [{ conditions: [one], limit: perHour(1) }],
  });
  const header = (headerValue: string) =>
    condition({ type: 'HEADERCONDITION', headerCondition: { headerName: 'x', headerValue } });
  const limit = (timeUnit: string, unitTime: number, requestCount = 1) => ({
    policyName: 'Refused',
    defaultLimit: { type: 'REQUESTCOUNTLIMIT', requestCount: { timeUnit, unitTime, requestCount } },
  });
  const bandwidth = { timeUnit: 'min', unitTime: 1, dataAmount: 1, dataUnit: 'KB' };
  for (const [level, body, why] of [
    ['advanced', header('(?=a)'), /conditionalGroups\/0\/conditions\/0\/headerCondition: .* pattern/],
    ['advanced', header('('), /"\)" is missing/],
    ['advanced', condition({ type: 'HEADERCONDITION' }), /"headerCondition" is missing/],
    [
      'advanced',
      condition({ type: 'IPCONDITION', ipCondition: { specificIP: '1.2.3' } }),
      /"1\.2\.3" is no IP address/,
    ],
    ['advanced', { ...condition({}), conditionalGroups: [{ conditions: [], limit: perHour(1) }] }, /at least one/],
    ['application', limit('fortnight', 1), /"fortnight"/],
    ['application', limit('year', 3), /two years/],
    ['application', limit('min', 0), /unitTime/],
    ['application', limit('min', 1, 0), /expected a number/],
    ['application', { policyName: 'a b', defaultLimit: perHour(1) }, /policyName/],
    ['application', { policyName: 'Refused', defaultLimit: { type: 'BANDWIDTHLIMIT', bandwidth } }, /bandwidth/],
    ['subscription', { ...limit('min', 1), graphQLMaxDepth: 3 }, /GraphQL/],
    ['subscription', { ...limit('min', 1), billingPlan: 'GRATIS' }, /billingPlan/],
    ['subscription', { ...limit('min', 1), rateLimitCount: 3 }, /rateLimitTimeUnit/],
  ] as const) {
    const answer = await admin.post(`/throttling/policies/${level}`, body);
    assert.equal(answer.status, 400, `${JSON.stringify(body)} ${answer.body}`);
    assert.match(answer.json().description, why);
  }
});

test('501 for custom rules: nothing would enforce them', async () => {
  const rule = { policyName: 'r', siddhiQuery: 'FROM RequestStream', keyTemplate: '$userId' };
  assert.equal((await admin.post('/throttling/policies/custom', rule)).status, 501);
});

test('one of two that create the same policy at once gets 201, the other 409', async () => {
  const policy = { policyName: 'Raced', defaultLimit: perHour(1) };
  const answers = await Promise.all([1, 2, 3].map(() => admin.post('/throttling/policies/application', policy)));
  assert.deepEqual(answers.map(({ status }) => status).toSorted(), [201, 409, 409]);
});

test('the built-in policies are listed and can be changed; Unlimited can not', async () => {
  const { list } = (await admin.get('/throttling/policies/subscription')).json();
  const named = (name: string) => list.find((one: { policyName: string }) => one.policyName === name);
  const gold = named('Gold');
  assert.deepEqual(gold.defaultLimit.requestCount, { timeUnit: 'min', unitTime: 1, requestCount: 5000 });
  const path = `/throttling/policies/subscription/${gold.policyId}`;
  const day = { timeUnit: 'day', unitTime: 2, requestCount: 7 };
  const changed = { ...gold, defaultLimit: { type: 'REQUESTCOUNTLIMIT', requestCount: day } };
  assert.equal((await admin.put(path, changed)).status, 200);
  assert.deepEqual((await admin.get(path)).json().defaultLimit.requestCount, day);
  assert.equal((await admin.put(path, { ...changed, policyName: 'Silver' })).status, 400);
  const unlimited = named('Unlimited');
  assert.equal(unlimited.defaultLimit.requestCount.requestCount, 2_147_483_647);
  const { status } = await admin.put(`/throttling/policies/subscription/${unlimited.policyId}`, unlimited);
  assert.equal(status, 409);
});

test('401 without token, 403 without the scope', async () => {
  const base = `${postern.server}/api/am/admin/v1`;
  assert.equal((await restClient(base).get('/throttling/policies/advanced')).status, 401);
  const viewer = restClient(base, await logIn(postern.server, { scopes: ['apim:tier_view'] }));
  assert.equal((await viewer.get('/throttling/policies/advanced')).status, 200);
  const policy = { policyName: 'Refused', defaultLimit: perHour(1) };
  assert.equal((await viewer.post('/throttling/policies/advanced', policy)).status, 403);
});
