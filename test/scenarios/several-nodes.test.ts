/** Two key managers on one PostgreSQL database, as real processes: together they are one. */
import assert from 'node:assert/strict';
import { cpSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { openPostgresqlStore } from '../../src/adapters/stores/postgresql.ts';
import { type Backend, startBackend } from '../support/backend.ts';
import { type Answer, basic, call, closeConnections, postForm } from '../support/call.ts';
import { fillInto } from '../support/fill-store.ts';
import { newDataFolder, type Postern, startPostern } from '../support/postern.ts';
import { type PostgresqlServer, startPostgresql } from '../support/postgresql.ts';
import { missing } from '../support/servers.ts';

const skip = missing('postgresql');
type Keys = { key: string; secret: string };

let server: PostgresqlServer;
let url: string;
let backend: Backend;
let a: Postern;
let b: Postern;
let gateway: Postern;
let keys: Record<'jwt' | 'opaque' | 'user', Keys>;
const folders: string[] = [];

before(async () => {
  if (skip) return;
  server = await startPostgresql();
  url = await server.newDatabase();
  backend = await startBackend();
  a = await startNode(newFolder());
  keys = await fill();
  b = await startNode(copyOf(a.data));
  gateway = await startPostern({
    role: 'gateway',
    data: copyOf(a.data),
    args: [
      `--controlPlane.url=${b.server}`,
      `--controlPlane.otherUrls=${a.server}`,
      `--keyManager.serverUrl=${b.server}`,
      '--gateway.threads=1',
    ],
  });
});
after(async () => {
  if (skip) return;
  closeConnections();
  for (const one of [gateway, b, a]) await one?.stop();
  await backend.close();
  await server.close();
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

function newFolder(): string {
  folders.push(newDataFolder());
  return folders.at(-1) as string;
}

/** What nodes have in common beside the database. */
function copyOf(data: string): string {
  const folder = newFolder();
  for (const name of ['keys', 'certificates']) cpSync(join(data, name), join(folder, name), { recursive: true });
  return folder;
}

const startNode = (data: string): Promise<Postern> =>
  startPostern({
    role: 'key-manager',
    data,
    args: [`--store.url=${url}`, '--tokens.issuer=https://nodes.example/oauth2/token'],
  });

async function fill() {
  const store = await openPostgresqlStore(url);
  try {
    return await fillInto(store, a.data, async (filler) => {
      const api = await filler.api('echo', { endpoints: { production: { url: backend.url } } });
      await filler.user('mary', ['Internal/subscriber']);
      return {
        jwt: await filler.application('jwt', { subscribe: [api] }),
        opaque: await filler.application('opaque', { subscribe: [api], tokenType: 'OPAQUE' }),
        user: await filler.application('user', { subscribe: [api] }),
      };
    });
  } finally {
    await store.close();
  }
}

const ask = (node: Postern, form: Record<string, string>, { key, secret }: Keys): Promise<Answer> =>
  postForm(`${node.server}/oauth2/token`, form, basic(key, secret));

async function token(node: Postern, of: Keys, scope = 'default'): Promise<string> {
  const answer = await ask(node, { grant_type: 'client_credentials', scope }, of);
  assert.equal(answer.status, 200, answer.body);
  return answer.json().access_token;
}

const use = (bearer: string): Promise<Answer> =>
  call(`${gateway.http}/echo/1.0.0/x`, { headers: { authorization: `Bearer ${bearer}` } });

async function refused(bearer: string, limit: number): Promise<void> {
  const from = performance.now();
  while ((await use(bearer)).status !== 401) {
    assert.ok(performance.now() - from < limit, `still accepted after ${limit} ms`);
  }
}

test('200 simultaneous requests for an opaque token at both nodes: one token', { skip }, async () => {
  const all = await Promise.all(
    Array.from({ length: 200 }, (_, at) => token(at % 2 ? a : b, keys.opaque, 'device_same')),
  );
  assert.equal(new Set(all).size, 1);
});

test('a refresh token that both nodes are shown at once gives one successor', { skip }, async () => {
  const form = { grant_type: 'password', username: 'mary', password: 'password of mary' };
  const first = (await ask(a, form, keys.user)).json();
  const refresh = { grant_type: 'refresh_token', refresh_token: first.refresh_token };
  const answers = await Promise.all(Array.from({ length: 20 }, (_, at) => ask(at % 2 ? a : b, refresh, keys.user)));
  for (const answer of answers) assert.equal(answer.status, 200, answer.body);
  assert.equal(new Set(answers.map((answer) => answer.json().refresh_token)).size, 1);
});

test('a token of one node is revoked at the other: 401 at the gateway that follows the first', { skip }, async () => {
  for (const client of [keys.jwt, keys.opaque]) {
    for (const [issuing, revoking] of [
      [a, b],
      [b, a],
    ] as const) {
      const bearer = await token(issuing, client, `device_${issuing.offset}`);
      assert.equal((await use(bearer)).status, 200);
      const revoked = await postForm(
        `${revoking.server}/oauth2/revoke`,
        { token: bearer },
        basic(client.key, client.secret),
      );
      assert.equal(revoked.status, 200, revoked.body);
      await refused(bearer, 1000);
    }
  }
});

test('a node is killed under load: clients of the other see no error, and what it had decided stands', {
  skip,
}, async () => {
  const bearer = await token(a, keys.jwt, 'device_killed');
  assert.equal((await use(bearer)).status, 200);
  let running = true;
  const load = async (node: Postern, failures: string[]) => {
    for (let at = 0; running; at++) {
      try {
        const answer = await ask(node, { grant_type: 'client_credentials', scope: `device_${at}` }, keys.jwt);
        if (answer.status !== 200) failures.push(`${answer.status} ${answer.body}`);
      } catch (error) {
        failures.push((error as Error).message);
      }
    }
  };
  const ofB: string[] = [];
  const loads = [...Array.from({ length: 4 }, () => load(b, ofB)), ...Array.from({ length: 4 }, () => load(a, []))];
  await new Promise((resolve) => setTimeout(resolve, 300));
  const revoked = await postForm(`${a.server}/oauth2/revoke`, { token: bearer }, basic(keys.jwt.key, keys.jwt.secret));
  assert.equal(revoked.status, 200);
  await a.kill();
  await new Promise((resolve) => setTimeout(resolve, 700));
  running = false;
  await Promise.all(loads);
  assert.deepEqual(ofB, []);
  await refused(bearer, 1000);
  a = await startPostern({
    role: 'key-manager',
    data: a.data,
    offset: a.offset,
    args: [`--store.url=${url}`, '--tokens.issuer=https://nodes.example/oauth2/token'],
  });
});

test('a node with another store key is refused at its start, and says which file it needs', { skip }, async () => {
  await assert.rejects(startNode(newFolder()), /does not open with the store key in .*keys\/store\.key/);
});
