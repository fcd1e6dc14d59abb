/** Deny rules: who is shut out is, within milliseconds, whatever token it has; and is let in again as fast. */
import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { type Backend, startBackend } from '../support/backend.ts';
import { type Answer, basic, call, closeConnections, postForm } from '../support/call.ts';
import { fillStore, resource } from '../support/fill-store.ts';
import { newDataFolder, type Postern, startPostern } from '../support/postern.ts';
import { logIn, type RestClient, restClient } from '../support/rest.ts';

const data = newDataFolder();
let backend: Backend;
let postern: Postern;
let admin: RestClient;
let apps: Record<string, { id: string; key: string; secret: string }>;

before(async () => {
  backend = await startBackend();
  apps = await fillStore(data, async (fill) => {
    const endpoints = { production: { url: backend.url } };
    const resources = [resource('GET', '/x'), resource('GET', '/open', { authType: 'None' })];
    const subscribe = [
      await fill.api('echo', { endpoints, resources }),
      await fill.api('other', { endpoints, resources }),
    ];
    return {
      one: await fill.application('one', { subscribe }),
      two: await fill.application('two', { subscribe }),
    };
  });
  postern = await startPostern({ data, args: ['--gateway.threads=2'] });
  const scopes = ['apim:bl_view', 'apim:bl_manage'];
  admin = restClient(`${postern.server}/api/am/admin/v1`, await logIn(postern.server, { scopes }));
});
after(async () => {
  closeConnections();
  await postern?.stop();
  await backend.close();
  rmSync(data, { recursive: true, force: true });
});

type Ask = (path: string) => Promise<Answer>;

async function caller(app: string, form: Record<string, string> = { grant_type: 'client_credentials' }): Promise<Ask> {
  const { key, secret } = apps[app] as { key: string; secret: string };
  const answer = await postForm(`${postern.http}/token`, form, basic(key, secret));
  const headers = { authorization: `Bearer ${answer.json().access_token}` };
  return (path) => call(`${postern.http}${path}`, { headers });
}
const stranger: Ask = (path) => call(`${postern.http}${path}`);

/** Every thread has the change within milliseconds: soon no connection of many gets another answer. */
async function become(ask: Ask, path: string, status: number): Promise<Answer> {
  const began = performance.now();
  for (;;) {
    const answers = await Promise.all(Array.from({ length: 8 }, () => ask(path)));
    if (answers.every((answer) => answer.status === status)) return answers[0] as Answer;
    assert.ok(performance.now() - began < 500, `${path} is not ${status} everywhere after 500 ms`);
  }
}

async function deny(conditionType: string, conditionValue: unknown, conditionStatus = true): Promise<string> {
  const answer = await admin.post('/throttling/blacklist', { conditionType, conditionValue, conditionStatus });
  assert.equal(answer.status, 201, answer.body);
  return `/throttling/blacklist/${answer.json().conditionId}`;
}

test('403/900805 at a denied API, and at no other; switched off and on again by PATCH', async () => {
  const ask = await caller('one');
  const rule = await deny('API', '/echo/1.0.0');
  const refused = await become(ask, '/echo/1.0.0/x', 403);
  const { fault } = refused.json();
  assert.deepEqual([fault.code, fault.message], [900805, 'Message blocked']);
  assert.equal((await ask('/other/1.0.0/x')).status, 200);
  // Nobody is asked for a token where nobody gets in.
  assert.equal((await stranger('/echo/1.0.0/x')).json().fault.code, 900805);

  const off = await admin.patch(rule, { conditionStatus: false });
  assert.deepEqual([off.status, off.json().conditionStatus], [200, false]);
  await become(ask, '/echo/1.0.0/x', 200);
  await admin.patch(rule, { conditionStatus: 'true' });
  await become(ask, '/echo/1.0.0/x', 403);
  assert.equal((await admin.delete(rule)).status, 200);
  await become(ask, '/echo/1.0.0/x', 200);
  assert.equal((await admin.get(rule)).status, 404);
});

test('403/900805 for a denied application; its neighbour goes on', async () => {
  const [one, two] = [await caller('one'), await caller('two')];
  const rule = await deny('APPLICATION', 'admin:one');
  assert.equal((await admin.get(rule)).json().conditionValue, 'admin@carbon.super:one');
  assert.equal((await become(one, '/echo/1.0.0/x', 403)).json().fault.code, 900805);
  assert.equal((await two('/echo/1.0.0/x')).status, 200);
  await admin.delete(rule);
  await become(one, '/echo/1.0.0/x', 200);
});

test('403/900805 for a denied user, whatever the application; where nobody is asked for, nobody is denied', async () => {
  const password = { grant_type: 'password', username: 'admin', password: 'admin' };
  const [one, two] = [await caller('one', password), await caller('two', password)];
  const rule = await deny('USER', 'admin');
  assert.equal((await become(one, '/echo/1.0.0/x', 403)).json().fault.code, 900805);
  await become(two, '/other/1.0.0/x', 403);
  assert.equal((await stranger('/echo/1.0.0/open')).status, 200);
  await admin.delete(rule);
  await become(one, '/echo/1.0.0/x', 200);
});

test('403/900805 from a denied address and range, before a token is looked at; inverted: from everywhere else', async () => {
  const ask = await caller('one');
  for (const [type, value] of [
    ['IP', { fixedIp: '127.0.0.1', invert: false }],
    ['IPRANGE', { startingIp: '127.0.0.0', endingIp: '127.0.0.255', invert: false }],
    ['IPRANGE', { startingIp: '10.0.0.0', endingIp: '10.0.0.255', invert: true }],
    ['IP', { fixedIp: '10.0.0.1', invert: true }],
  ] as const) {
    const rule = await deny(type, value);
    assert.deepEqual((await admin.get(rule)).json().conditionValue, value);
    assert.equal((await become(stranger, '/echo/1.0.0/x', 403)).json().fault.code, 900805);
    assert.equal((await stranger('/echo/1.0.0/open')).status, 403);
    // The token endpoints are no API.
    assert.equal((await postForm(`${postern.http}/token`, { grant_type: 'client_credentials' })).status, 401);
    await admin.delete(rule);
    await become(ask, '/echo/1.0.0/x', 200);
  }
  const elsewhere = await deny('IP', '10.0.0.1');
  const inverted = await deny('IPRANGE', { startingIp: '127.0.0.0', endingIp: '127.255.255.255', invert: true });
  assert.equal((await ask('/echo/1.0.0/x')).status, 200);
  await admin.delete(elsewhere);
  await admin.delete(inverted);
});

test('a rule that is created switched off does nothing; 409 for the same once more', async () => {
  const ask = await caller('one');
  const rule = await deny('API', '/other/1.0.0', false);
  assert.equal((await ask('/other/1.0.0/x')).status, 200);
  const again = await admin.post('/throttling/blacklist', { conditionType: 'API', conditionValue: '/other/1.0.0' });
  assert.equal(again.status, 409);
  assert.deepEqual(
    (await admin.get('/throttling/blacklist'))
      .json()
      .list.map((one: { conditionStatus: boolean }) => one.conditionStatus),
    [false],
  );
  await admin.delete(rule);
});

test('400 for a rule about nothing that there is', async () => {
  for (const [conditionType, conditionValue, why] of [
    ['API', '/nowhere/1.0.0', /no API at \/nowhere/],
    ['APPLICATION', 'admin:nothing', /no application/],
    ['APPLICATION', 'nothing', /owner:name/],
    ['USER', 'nobody', /no user nobody/],
    ['IP', '1.2.3', /"1.2.3" is no IP address/],
    ['IP', { fixedIp: '1.2.3.4', inverted: true }, /fixedIp, invert/],
    ['IPRANGE', { startingIp: '10.0.0.9', endingIp: '10.0.0.1' }, /after its end/],
    ['IPRANGE', '10.0.0.9', /startingIp/],
    ['COUNTRY', 'x', /expected one of API/],
  ] as const) {
    const answer = await admin.post('/throttling/blacklist', { conditionType, conditionValue });
    assert.equal(answer.status, 400, answer.body);
    assert.match(answer.json().description, why);
  }
});
