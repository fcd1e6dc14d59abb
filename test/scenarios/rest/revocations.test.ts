/**
 * Every way to revoke, at a real gateway: what it means is refused there within a second, also after the gateway was
 * killed and started again; what it does not mean stays good, and so does what is issued right after.
 */
import assert from 'node:assert/strict';
import { cpSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { type Backend, startBackend } from '../../support/backend.ts';
import { type Answer, basic, call, closeConnections, postForm } from '../../support/call.ts';
import { fillStore } from '../../support/fill-store.ts';
import { newDataFolder, type Postern, startPostern } from '../../support/postern.ts';
import { logIn, type RestClient, restClient } from '../../support/rest.ts';

/** Milliseconds from the answer to the first refusal. */
const bound = 1000;
const forms = ['JWT', 'OPAQUE'] as const;

interface Application {
  readonly id: string;
  readonly key: string;
  readonly secret: string;
}
/** A user whose applications are his own: one for each form of token. */
interface Party {
  readonly name: string;
  readonly apps: readonly Application[];
  /** The developer portal as this user. */
  readonly portal: RestClient;
}

interface Way {
  /** What it means: these tokens themselves, all of the user, or all of his applications. */
  readonly means: 'tokens' | 'user' | 'applications';
  readonly act: (party: Party, tokens: readonly string[]) => Promise<unknown>;
  /** Tokens issued after it; absent = there can't be any. */
  readonly afterwards?: (party: Party) => Promise<string[]>;
}

const created = async (body: object) => ok(await admin.post('/revocations', body), 201);
const each = async <T>(list: readonly T[], act: (one: T, at: number) => Promise<unknown>) => {
  for (const [at, one] of list.entries()) await act(one, at);
};

const ways: Readonly<Record<string, Way>> = {
  'an administrator revokes the tokens': {
    means: 'tokens',
    act: (_, tokens) => each(tokens, (token) => created({ token })),
    afterwards: (party) => issue(party),
  },
  'an administrator revokes all of a user': {
    means: 'user',
    act: ({ name }) => created({ user: name }),
    afterwards: (party) => issue(party),
  },
  'an administrator revokes all of a consumer key': {
    means: 'applications',
    act: ({ apps }) => each(apps, ({ key }) => created({ consumerKey: key })),
    afterwards: (party) => issue(party),
  },
  'a user signs out everywhere': {
    means: 'user',
    act: async ({ portal }) => ok(await portal.post('/me/sign-out')),
    afterwards: (party) => issue(party),
  },
  'a user changes his password': {
    means: 'user',
    act: async ({ portal, name }) => {
      const passwords = { currentPassword: passwordOf(name), newPassword: 'quite another' };
      ok(await portal.post('/me/change-password', passwords));
    },
    afterwards: (party) => issue(party, 'quite another'),
  },
  'an administrator sets a password': {
    means: 'user',
    act: async ({ name }) => ok(await admin.post(`/users/${name}/reset-password`, { password: 'quite another' })),
    afterwards: (party) => issue(party, 'quite another'),
  },
  'a user is deleted': {
    means: 'user',
    act: async ({ name }) => ok(await admin.delete(`/users/${name}`)),
  },
  'an application is deleted': {
    means: 'applications',
    act: ({ apps, portal }) => each(apps, async ({ id }) => ok(await portal.delete(`/applications/${id}`))),
  },
  'a key is deleted': {
    means: 'applications',
    act: ({ apps, portal }) =>
      each(apps, async ({ id }) => ok(await portal.post(`/applications/${id}/keys/PRODUCTION/clean-up`))),
  },
  'a consumer secret is renewed': {
    means: 'applications',
    act: ({ apps, portal, name }) =>
      each(apps, async ({ id }, at) => {
        const answer = ok(await portal.post(`/applications/${id}/keys/PRODUCTION/regenerate-secret`));
        const { consumerKey: key, consumerSecret: secret } = answer.json();
        renewed[at] = await getToken({ id, key, secret }, { user: name });
      }),
    afterwards: async () => renewed,
  },
  'an application is given to another user': {
    means: 'applications',
    act: ({ apps }) =>
      each(apps, async ({ id }) => ok(await admin.post(`/applications/${id}/change-owner?owner=heir`))),
    afterwards: async ({ apps }) => {
      const heir = portalOf('heir');
      return Promise.all(
        apps.map(async ({ id }) => {
          const { consumerKey: key, consumerSecret: secret } = ok(
            await heir.get(`/applications/${id}/keys/PRODUCTION`),
          ).json();
          return getToken({ id, key, secret }, { user: 'heir' });
        }),
      );
    },
  },
};

const data = newDataFolder();
const gatewayData = newDataFolder();
const renewed: string[] = [];
/** Tokens that are revoked, and others that are good, for the gateway that starts again. */
const dead: string[] = [];
const good: string[] = [];
let backend: Backend;
let postern: Postern;
let gateway: Postern;
let admin: RestClient;
let parties: Readonly<Record<string, Party>>;
let bystander: readonly Application[];

before(async () => {
  backend = await startBackend();
  const names = [...Object.keys(ways).map((_, at) => `user${at}`), 'early', 'lists'];
  const filled = await fillStore(data, async (fill) => {
    const echo = await fill.api('echo', { endpoints: { production: { url: backend.url } } });
    const apps = async (name: string) => {
      const both: Application[] = [];
      const owner = `${name}@carbon.super`;
      for (const tokenType of forms) {
        both.push(await fill.application(`${name} ${tokenType}`, { subscribe: [echo], tokenType, owner }));
      }
      return both;
    };
    const byName: Record<string, Application[]> = {};
    for (const name of [...names, 'heir']) {
      await fill.user(name, ['Internal/everyone', 'Internal/subscriber']);
      byName[name] = await apps(name);
    }
    await fill.user('admin', ['admin', 'Internal/everyone']);
    return { byName, bystander: await apps('admin') };
  });
  postern = await startPostern({ data, args: ['--gateway.threads=1'] });
  cpSync(join(data, 'certificates'), join(gatewayData, 'certificates'), { recursive: true });
  gateway = await startGateway();
  const scopes = ['apim:admin', 'apim:app_owner_change'];
  admin = restClient(
    `${postern.server}/api/am/admin/v1`,
    await logIn(postern.server, { password: passwordOf('admin'), scopes }),
  );
  bystander = filled.bystander;
  parties = Object.fromEntries(
    names.map((name) => [name, { name, apps: filled.byName[name] as Application[], portal: portalOf(name) }]),
  );
});
after(async () => {
  closeConnections();
  await gateway?.stop();
  await postern?.stop();
  await backend.close();
  for (const folder of [data, gatewayData]) rmSync(folder, { recursive: true, force: true });
});

const startGateway = (): Promise<Postern> =>
  startPostern({
    role: 'gateway',
    data: gatewayData,
    args: [
      ...[`--controlPlane.url=${postern.server}`, `--keyManager.serverUrl=${postern.server}`],
      ...['--gateway.threads=1', '--gateway.startupWait=100'],
    ],
  });

const passwordOf = (name: string): string => `password of ${name}`;
const portalOf = (name: string): RestClient =>
  restClient(`${postern.server}/api/am/store/v1`, basic(name, passwordOf(name)));

function ok(answer: Answer, status = 200): Answer {
  assert.equal(answer.status, status, answer.body);
  return answer;
}

interface Asked {
  readonly user: string;
  readonly password?: string;
  readonly scope?: string;
}

const ask = ({ key, secret }: Application, { user, password = passwordOf(user), scope = 'default' }: Asked) =>
  postForm(`${postern.http}/token`, { grant_type: 'password', username: user, password, scope }, basic(key, secret));

async function getToken(app: Application, asked: Asked): Promise<string> {
  return ok(await ask(app, asked)).json().access_token;
}

const issue = ({ name, apps }: Party, password = passwordOf(name)): Promise<string[]> =>
  Promise.all(apps.map((app) => getToken(app, { user: name, password })));

const use = (at: Postern, token: string): Promise<Answer> =>
  call(`${at.http}/echo/1.0.0/x`, { headers: { authorization: `Bearer ${token}` } });

async function isGood(tokens: readonly string[], why: string, at: readonly Postern[] = [postern, gateway]) {
  for (const one of at) for (const token of tokens) assert.equal((await use(one, token)).status, 200, why);
}

async function isRefused(tokens: readonly string[]): Promise<void> {
  const from = performance.now();
  for (const at of [postern, gateway]) {
    for (const token of tokens) {
      for (;;) {
        const answer = await use(at, token);
        if (answer.status === 401) {
          assert.equal(answer.json().fault.code, 900901);
          break;
        }
        assert.ok(performance.now() - from < bound, `still ${answer.status} after ${bound} ms`);
      }
    }
  }
}

/** Tokens that come nearest to what is meant, and are not. */
function others({ name, apps }: Party, means: Way['means']): Promise<string[]> {
  if (means === 'applications') return Promise.all(bystander.map((app) => getToken(app, { user: name })));
  const asked = means === 'user' ? { user: 'admin' } : { user: name, scope: 'device_2' };
  return Promise.all(apps.map((app) => getToken(app, asked)));
}

describe('401/900901 within a second, of JWT and opaque tokens, when', () => {
  for (const [at, [name, { means, act, afterwards }]] of Object.entries(ways).entries()) {
    test(name, async () => {
      const party = parties[`user${at}`] as Party;
      const tokens = await Promise.all(party.apps.map((app) => getToken(app, { user: party.name })));
      const kept = await others(party, means);
      await isGood([...tokens, ...kept], 'before');
      await act(party, tokens);
      await isRefused(tokens);
      await isGood(kept, 'it is not meant');
      dead.push(...tokens);
      // The application that they were issued for is there no more, or another's.
      if (means !== 'user' || afterwards) good.push(...kept);
      if (!afterwards) return;
      const fresh = await afterwards(party);
      await isGood(fresh, 'it was issued afterwards');
      good.push(...fresh);
    });
  }

  test('an administrator revokes what was issued up to a second; what was issued later is good', async () => {
    const party = parties.early as Party;
    const old = await issue(party);
    const second = Math.floor(Date.now() / 1000);
    const isLater = (token: string) =>
      (JSON.parse(atob(token.split('.')[1] as string)) as { iat: number }).iat > second;
    let jwt: string;
    do jwt = await getToken(party.apps[0] as Application, { user: party.name, scope: 'device_2' });
    while (!isLater(jwt));
    const young = [jwt, await getToken(party.apps[1] as Application, { user: party.name, scope: 'device_2' })];
    await isGood([...old, ...young], 'before');
    await created({ user: party.name, issuedBefore: new Date(second * 1000).toISOString() });
    await isRefused(old);
    await isGood(young, 'it was issued later');
    dead.push(...old);
    good.push(...young);
  });
});

test('all of it holds at a gateway that was killed and starts again', async () => {
  assert.ok(dead.length > 20 && good.length > 20);
  closeConnections();
  await gateway.kill();
  gateway = await startGateway();
  await isRefused(dead);
  await isGood(good, 'it was not revoked', [gateway]);
});
