/** A backup is made while everything runs, and restored: what is denied stays denied, as far as anybody knows of it. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { expelGateway, insertInvitation, listExpulsions } from '../../src/adapters/stores/gateways.ts';
import { type Backend, startBackend } from '../support/backend.ts';
import { basic, call, closeConnections, postForm } from '../support/call.ts';
import { fillStore } from '../support/fill-store.ts';
import { newDataFolder, type Postern, runPostern, startPostern } from '../support/postern.ts';
import { openTestStore, storeArguments } from '../support/store.ts';

const data = newDataFolder();
const file = join(data, 'store.backup');
let backend: Backend;
let keys: { key: string; secret: string };

before(async () => {
  backend = await startBackend();
  keys = await fillStore(data, async (fill) => {
    const echo = await fill.api('echo', { endpoints: { production: { url: backend.url } } });
    return fill.application('jwt', { subscribe: [echo] });
  });
});
after(async () => {
  closeConnections();
  await backend.close();
  rmSync(data, { recursive: true, force: true });
});

const run = async (name: 'backup' | 'restore', ...more: string[]) =>
  runPostern([name, file, '--data', data, ...(await storeArguments(data)), ...more]);

async function getToken(postern: Postern, scope: string): Promise<string> {
  const form = { grant_type: 'client_credentials', scope };
  const answer = await postForm(`${postern.http}/token`, form, basic(keys.key, keys.secret));
  assert.equal(answer.status, 200, answer.body);
  return answer.json().access_token;
}

const use = async (postern: Postern, token: string) => {
  const headers = { authorization: `Bearer ${token}` };
  return (await call(`${postern.http}/echo/1.0.0/x`, { headers })).status;
};

/** Another start, after which connections to the last one are of no use. */
async function start(): Promise<Postern> {
  closeConnections();
  return startPostern({ data });
}

/** A gateway that knows nothing. */
const forget = () => rmSync(join(data, 'gateway'), { recursive: true, force: true });

test('401 for a token revoked after the backup: at a gateway that heard of it, and at every one with --revoke-issued', {
  timeout: 180_000,
}, async () => {
  let postern = await start();
  const token = await getToken(postern, 'device_before');
  assert.equal(await use(postern, token), 200);
  const made = await run('backup');
  assert.equal(made.status, 0, made.err);
  assert.match(made.out, /rows, the state of .* at 20\d\d-/);

  const issuedLater = await getToken(postern, 'device_later');
  assert.equal((await postForm(`${postern.http}/revoke`, { token }, basic(keys.key, keys.secret))).status, 200);
  while ((await use(postern, token)) !== 401);

  const busy = await run('restore', '--force');
  assert.equal(busy.status, 1);
  assert.match(busy.err, /is in use by process \d+/);
  await postern.stop();

  const taken = await run('restore');
  assert.equal(taken.status, 1);
  assert.match(taken.err, /has a store already; --force puts the backup in its place/);
  const restored = await run('restore', '--force');
  assert.equal(restored.status, 0, restored.err);
  assert.match(restored.out, /the state of 20\d\d-.*, \d+ seconds ago/);
  assert.match(restored.err, /--revoke-issued/);

  postern = await start();
  assert.equal(await use(postern, token), 401, 'the gateway has it in its disk copy, whatever the store says');
  assert.equal(await use(postern, issuedLater), 200);
  await postern.stop();

  forget();
  postern = await start();
  assert.equal(await use(postern, token), 200, 'nobody knows of the revocation any more');
  await postern.stop();

  const strict = await run('restore', '--force', '--revoke-issued');
  assert.equal(strict.status, 0, strict.err);
  assert.match(strict.err, /every token and API key issued before now is revoked/);
  forget();
  postern = await start();
  try {
    assert.equal(await use(postern, token), 401);
    assert.equal(await use(postern, issuedLater), 401, 'also one that the store has never seen');
    assert.equal(await use(postern, await getToken(postern, 'device_new')), 200);
    const headers = { authorization: basic('admin', 'admin') };
    const log = await call(`${postern.server}/api/am/admin/v1/audit-log?kind=store`, { headers });
    const [entry] = log.json().list;
    assert.deepEqual([entry.action, entry.after.revokeIssued], ['restore', true]);
  } finally {
    await postern.stop();
  }
});

test('a gateway that was expelled after the backup stays expelled, and restore says what of others is not known', async () => {
  const store = await openTestStore(data);
  const invitation = { name: null, created_by: 'admin', created_at: 1, expires_at: 4_000_000_000, used_at: null };
  await store.transaction((tx) => insertInvitation(tx, { ...invitation, code_hash: 'x' }));
  assert.equal((await run('backup', '--force')).status, 0);
  await store.transaction(async (tx) => expelGateway(tx, { gateway: 'edge-9', issuedBefore: 1_700_000_000 }));
  await store.close();
  const { status, err } = await run('restore', '--force');
  assert.equal(status, 0, err);
  assert.match(err, /had expelled them, and they stay so: edge-9\n/);
  assert.match(
    err,
    /gateways that were expelled since, and not named here, are let in again; .*postern gateways expel/,
  );
  const restored = await openTestStore(data);
  try {
    assert.deepEqual(await listExpulsions(restored.db), [{ gateway: 'edge-9', issuedBefore: 1_700_000_000 }]);
    const invitations = await restored.db.selectFrom('gateway_invitations').selectAll().execute();
    assert.deepEqual(invitations, [], 'what was used since would be good again');
  } finally {
    await restored.close();
  }
});

test('a backup with keys makes the installation anew on an empty folder', async () => {
  const made = await run('backup', '--force', '--with-keys');
  assert.equal(made.status, 0, made.err);
  assert.match(made.err, /warning: the file has the keys/);
  const other = newDataFolder();
  try {
    const args = ['restore', file, '--data', other, ...(await storeArguments(other))];
    const restored = await runPostern(args);
    assert.equal(restored.status, 0, restored.err);
    for (const name of ['keys/store.key', 'certificates/ca.pem', 'certificates/ca.key']) {
      assert.deepEqual(readFileSync(join(other, name)), readFileSync(join(data, name)), name);
    }
    closeConnections();
    const postern = await startPostern({ data: other });
    try {
      assert.equal(await use(postern, await getToken(postern, 'device_other')), 200);
    } finally {
      await postern.stop();
    }
  } finally {
    rmSync(other, { recursive: true, force: true });
  }
});

test('without the key that seals its secrets a backup is not restored, and nothing is written', async () => {
  assert.equal((await run('backup', '--force')).status, 0);
  const other = newDataFolder();
  try {
    const args = ['restore', file, '--data', other, ...(await storeArguments(other))];
    const keyless = await runPostern(args);
    assert.equal(keyless.status, 1);
    assert.match(keyless.err, /the backup has no keys, and there is no .*store\.key/);
    assert.equal(existsSync(join(other, 'postern.db')), false);
    await fillStore(other, async () => {});
    const before = readFileSync(join(other, 'keys', 'store.key'));
    const wrong = await runPostern([...args, '--force']);
    assert.equal(wrong.status, 1);
    assert.match(wrong.err, /does not open with the store key/);
    assert.deepEqual(readFileSync(join(other, 'keys', 'store.key')), before);
  } finally {
    rmSync(other, { recursive: true, force: true });
  }
});
