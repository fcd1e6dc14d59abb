/** What belongs to one installation: its store, its authority, the names of its nodes. A mistake is said, not made. */
import assert from 'node:assert/strict';
import type { X509Certificate } from 'node:crypto';
import { cpSync, existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import tls from 'node:tls';
import { basic, closeConnections, postForm } from '../support/call.ts';
import { newDataFolder, type Postern, runPostern, startPostern } from '../support/postern.ts';
import { type PostgresqlServer, startPostgresql } from '../support/postgresql.ts';
import { missing } from '../support/servers.ts';

const noServer = missing('postgresql');
let server: PostgresqlServer;
const folders: string[] = [];
before(async () => {
  if (!noServer) server = await startPostgresql();
});
after(async () => {
  closeConnections();
  await server?.close();
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

function newFolder(): string {
  folders.push(newDataFolder());
  return folders.at(-1) as string;
}

async function node(data: string, args: readonly string[], look: (node: Postern) => Promise<void> = async () => {}) {
  const started = await startPostern({ role: 'key-manager', data, args });
  try {
    await look(started);
  } finally {
    await started.stop();
  }
  return started.log();
}

/** The certificate that a server shows. */
function shownBy({ server }: Postern): Promise<X509Certificate> {
  return new Promise((resolve, reject) => {
    const socket = tls.connect({ port: Number(new URL(server).port), rejectUnauthorized: false }, () => {
      resolve(socket.getPeerX509Certificate() as X509Certificate);
      socket.end();
    });
    socket.on('error', reject);
  });
}

test('a server has a certificate for server.otherHosts too, from the next start on', async () => {
  const data = newFolder();
  await node(data, [], async (started) => {
    assert.equal((await shownBy(started)).checkHost('node1.example'), undefined);
  });
  await node(data, ['--server.otherHosts=node1.example,10.0.0.7'], async (started) => {
    const certificate = await shownBy(started);
    assert.equal(certificate.checkHost('node1.example'), 'node1.example');
    assert.equal(certificate.checkIP('10.0.0.7'), '10.0.0.7');
    assert.equal(certificate.checkHost('localhost'), 'localhost');
  });
});

test('a node of several with another authority says at every start whose folder it needs; one with the right one says nothing', {
  skip: noServer,
}, async () => {
  const store = [`--store.url=${await server.newDatabase()}`];
  const [first, second] = [newFolder(), newFolder()];
  assert.doesNotMatch(await node(first, store), /another authority/);
  cpSync(join(first, 'keys'), join(second, 'keys'), { recursive: true });
  for (const _ of ['once', 'again']) {
    const said = await node(second, store);
    assert.match(said, /^postern: warning: .*certificates has another authority than the installation: .*copy/m);
    assert.match(said, /"level":40,.*has another authority/);
  }
  assert.doesNotMatch(await node(first, store), /another authority/, 'it is still the first one');
  rmSync(join(second, 'certificates'), { recursive: true });
  cpSync(join(first, 'certificates'), join(second, 'certificates'), { recursive: true });
  assert.doesNotMatch(await node(second, store), /another authority/);
});

test('a node by itself with a new authority says once that gateways have to enrol again', async () => {
  const data = newFolder();
  await node(data, ['--store.url=']);
  rmSync(join(data, 'certificates'), { recursive: true });
  const again =
    /^postern: warning: .*certificates has another authority than before: gateways elsewhere have to enrol/m;
  assert.match(await node(data, ['--store.url=']), again);
  assert.doesNotMatch(await node(data, ['--store.url=']), again);
});

test('503 while the database is away, which the log says once, and once that it is back', {
  skip: noServer,
}, async () => {
  await node(newFolder(), [`--store.url=${await server.newDatabase()}`], async (started) => {
    const before = started.log().length;
    const said = () => started.log().slice(before);
    const ask = () =>
      postForm(`${started.server}/oauth2/token`, { grant_type: 'client_credentials' }, basic('nobody', 'x'));
    assert.equal((await ask()).status, 401);
    await server.end('SIGINT');
    for (let tries = 0; tries < 5; tries++) assert.equal((await ask()).status, 503);
    assert.match(said(), /^\{"level":50,.*"reason":".*the database can not be reached[^\n]*\n$/);
    assert.doesNotMatch(said(), /"stack"/);
    await server.start();
    while (!said().includes('the database is back')) await ask();
    assert.equal(said().split('\n').length, 3, said());
  });
});

test('2 for backup and restore that name no database where Postern uses one; a start says that it leaves it', {
  skip: noServer,
}, async () => {
  const data = newFolder();
  const url = (await server.newDatabase()).replace('postern@', 'postern:hush@');
  await node(data, [`--store.url=${url}`]);
  assert.doesNotMatch(readFileSync(join(data, 'store.place'), 'utf8'), /hush/);
  const file = join(data, 'store.backup');
  const expected = /Postern last used postgresql:\/\/127\.0\.0\.1:\d+\/\w+ with .*--config FILE or --store\.url=/;
  const refused = await runPostern(['backup', file, '--data', data]);
  assert.equal(refused.status, 2, refused.err);
  assert.match(refused.err, expected);
  const made = await runPostern(['backup', file, '--data', data, `--store.url=${url}`]);
  assert.equal(made.status, 0, made.err);
  const wrong = await runPostern(['restore', file, '--data', data]);
  assert.equal(wrong.status, 2, wrong.err);
  assert.match(wrong.err, expected);
  assert.equal(existsSync(join(data, 'postern.db')), false);

  const meant = await runPostern(['restore', file, '--data', data, '--store.url=']);
  assert.equal(meant.status, 0, meant.err);
  assert.equal((await runPostern(['backup', `${file}2`, '--data', data])).status, 0, 'now it is the one in the folder');
  await node(data, [`--store.url=${url}`]);
  const left = /^postern: warning: Postern last used postgresql:.* with this data folder; now it uses .*postern\.db/m;
  assert.match(await node(data, ['--store.url=']), left);
});
