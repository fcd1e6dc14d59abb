/** How Postern starts, what it says when it can't, how it stops, and what happens when one of its processes dies. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { startBackend } from '../support/backend.ts';
import { basic, call, closeConnections, postForm } from '../support/call.ts';
import { fillStore } from '../support/fill-store.ts';
import { newDataFolder, type Postern, runPostern, startPostern } from '../support/postern.ts';

const folders: string[] = [];
function dataFolder(): string {
  const folder = newDataFolder();
  folders.push(folder);
  return folder;
}
after(() => {
  closeConnections();
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

async function sampleToken(postern: Postern): Promise<string> {
  const form = { grant_type: 'client_credentials' };
  const answer = await postForm(`${postern.http}/token`, form, basic(postern.key, postern.secret));
  assert.equal(answer.status, 200, answer.body);
  return answer.json().access_token;
}

const menu = (postern: Postern, token: string) =>
  call(`${postern.http}/pizzashack/1.0.0/menu`, { headers: { authorization: `Bearer ${token}` }, fresh: true });

/** Asks until the answer is as wanted; fails after a minute. */
async function until<T>(ask: () => Promise<T>, wanted: (answer: T) => boolean): Promise<T> {
  const from = Date.now();
  for (;;) {
    const answer = await ask().catch(() => null);
    if (answer !== null && wanted(answer)) return answer;
    assert.ok(Date.now() - from < 60_000, 'it did not happen within a minute');
    // What is waited for needs the processor.
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** Processes that this one has started. */
function childrenOf(pid: number): number[] {
  return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').filter(Boolean).map(Number);
}

const commandOf = (pid: number): string => {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
  } catch {
    return '';
  }
};
const linux = process.platform === 'linux' ? false : 'needs /proc';

describe('a start that can not succeed says why in one line', () => {
  const bad: readonly [what: string, args: string[], status: number, words: RegExp][] = [
    ['an unknown option', ['start', '--nope'], 2, /--nope/],
    ['an unknown command', ['strat'], 2, /strat/],
    ['a bad port offset', ['start', '--port-offset', 'x'], 2, /port-offset/],
    ['an unknown configuration key', ['start', '--gateway.htpsPort=1'], 2, /gateway\.htpsPort.*httpsPort/],
    ['a value of the wrong type', ['gateway', '--gateway.threads=many'], 2, /gateway\.threads.*integer.*many/],
    ['a missing configuration file', ['start', '--config', '/does/not/exist.toml'], 2, /exist\.toml/],
    ['a listener for others with the default password', ['start', '--host', '0.0.0.0'], 2, /POSTERN_ADMIN_PASSWORD/],
  ];
  for (const [what, args, status, words] of bad) {
    test(`${what}: exit ${status}, nothing on disk`, async () => {
      const data = join(dataFolder(), 'new');
      const result = await runPostern(args[0] === 'strat' ? args : [...args, '--data', data]);
      assert.equal(result.status, status, result.err);
      assert.match(result.err, words);
      assert.doesNotMatch(result.err, /\n {4}at /, 'a stack trace');
      assert.equal(existsSync(data), false);
    });
  }

  test('a port in use: which, and what to set', async () => {
    const taken = createServer();
    await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve));
    const { port } = taken.address() as { port: number };
    const data = dataFolder();
    const free = ['--gateway.httpPort=0', '--gateway.httpsPort=0', '--gateway.adminPort=0', '--server.port=0'];
    for (const option of ['gateway.httpPort', 'gateway.httpsPort', 'gateway.adminPort', 'server.port']) {
      const others = free.filter((flag) => !flag.startsWith(`--${option}=`));
      const result = await runPostern(['start', '--data', data, ...others, `--${option}=${port}`]);
      assert.equal(result.status, 1, result.err);
      const lines = result.err.split('\n').filter((line) => line.startsWith('postern:'));
      assert.equal(lines.length, 1, result.err);
      assert.match(lines[0] as string, new RegExp(`port ${port} .*in use.*${option}`));
    }
    taken.close();
  });

  test('a data folder of a newer version', async () => {
    const data = dataFolder();
    await fillStore(data, async () => undefined);
    const db = new DatabaseSync(join(data, 'postern.db'));
    db.exec(`INSERT INTO kysely_migration (name, timestamp) VALUES ('9999-later', '2030-01-01')`);
    db.close();
    const result = await runPostern(['key-manager', '--data', data, '--server.port=0']);
    assert.equal(result.status, 1);
    assert.match(result.err, /^postern: .*postern\.db was written by a newer version/m);
  });

  test('a file that is no database', async () => {
    const data = dataFolder();
    writeFileSync(join(data, 'postern.db'), 'this is no database, but long enough to be taken for one by its name');
    const result = await runPostern(['key-manager', '--data', data, '--server.port=0']);
    assert.equal(result.status, 1);
    assert.match(result.err, /^postern: .*postern\.db/m);
    assert.doesNotMatch(result.err, /unexpected failure/);
  });

  const user = process.getuid?.() === 0 ? false : 'needs root, to become another user';
  test('a data folder that this user may not write', { skip: user }, async () => {
    const data = dataFolder(); // root's own, mode 0700
    const command = fileURLToPath(new URL('../../bin/postern', import.meta.url));
    const child = spawn(process.execPath, [command, 'start', '--data', data], { uid: 65_534, gid: 65_534 });
    let err = '';
    child.stderr.on('data', (chunk) => void (err += chunk));
    const status = await new Promise((resolve) => child.on('close', resolve));
    assert.equal(status, 1, err);
    assert.match(err, new RegExp(`postern: the data folder ${data} may not be written`));
  });
});

test('a restart keeps keys, tokens and revocations', async () => {
  const data = dataFolder();
  let postern = await startPostern({ data });
  const { key, secret } = postern;
  const good = await sampleToken(postern);
  const bad = await sampleToken(postern);
  assert.equal((await postForm(`${postern.http}/revoke`, { token: bad }, basic(key, secret))).status, 200);
  assert.equal(await postern.stop(), 0);
  closeConnections();

  // On other ports, to which the sample's back end and the built-in addresses follow.
  postern = await startPostern({ data, offset: postern.offset + 10 });
  assert.deepEqual([postern.key, postern.secret], [key, secret]);
  assert.equal((await menu(postern, bad)).status, 401);
  assert.equal((await menu(postern, await sampleToken(postern))).status, 200);
  await postern.stop();
  closeConnections();
  const lines = readFileSync(join(data, 'logs', 'access.log'), 'utf8')
    .trim()
    .split('\n');
  const refused = lines.map((line) => JSON.parse(line)).find(({ status }) => status === 401);
  assert.equal(refused.path, '/pizzashack/1.0.0/menu');
  assert.equal(refused.fault, 900901);
  for (const credential of [good, bad, secret]) assert.ok(!lines.some((line) => line.includes(credential)));

  postern = await startPostern({ data, offset: postern.offset - 10 });
  assert.equal((await menu(postern, good)).status, 200);
  assert.equal((await menu(postern, bad)).status, 401);
  assert.equal(await postern.stop(), 0);
});

test('another POSTERN_ADMIN_PASSWORD at a later start changes nothing, and that is said; the same one is not worth a word', async () => {
  const data = dataFolder();
  const start = (password: string) =>
    startPostern({ role: 'key-manager', data, env: { POSTERN_ADMIN_PASSWORD: password } });
  for (const [password, warns] of [
    ['hush-hush-1', false],
    ['hush-hush-1', false],
    ['hush-hush-2', true],
  ] as const) {
    const postern = await start(password);
    assert.equal(await postern.stop(), 0);
    assert.equal(/^postern: warning: POSTERN_ADMIN_PASSWORD has no effect: /m.test(postern.log()), warns, password);
    assert.doesNotMatch(postern.log(), /hush-hush/);
  }
});

test('200 though nobody reads standard output and standard error any more, also after a child was started again', {
  skip: linux,
}, async () => {
  const data = dataFolder();
  // Its data, ports and keys are the next one's, which can't tell them.
  const told = await startPostern({ data });
  const token = await sampleToken(told);
  assert.equal(await told.stop(), 0);
  closeConnections();

  const command = fileURLToPath(new URL('../../bin/postern', import.meta.url));
  const child = spawn(process.execPath, [command, 'start', '--data', data, '--port-offset', String(told.offset)]);
  const ended = new Promise((resolve) => child.on('exit', resolve));
  child.stdout.destroy();
  child.stderr.destroy();
  const isServing = () =>
    until(
      () => menu(told, token),
      ({ status }) => status === 200,
    );
  try {
    await isServing();
    const [first] = childrenOf(child.pid as number);
    // Of this the parent tells on standard error.
    process.kill(first as number, 'SIGKILL');
    await until(
      async () => childrenOf(child.pid as number),
      (now) => now.length === 2 && !now.includes(first as number),
    );
    await isServing();
    child.kill('SIGTERM');
    assert.equal(await ended, 0);
  } finally {
    // Who fails leaves nothing that would keep this process alive.
    child.kill('SIGKILL');
  }
});

test('a data folder serves one Postern at a time, and is its owner’s only', async () => {
  const data = dataFolder();
  const postern = await startPostern({ data });
  // Each role keeps its own part of the folder, so each has to notice.
  for (const role of ['start', 'key-manager', 'gateway']) {
    const second = await runPostern([role, '--data', data, '--port-offset', String(postern.offset + 10)]);
    assert.equal(second.status, 1, second.err);
    assert.match(second.err, /^postern: the data folder .* is in use by process \d+/m);
  }
  const open = readdirSync(data, { recursive: true }).filter(
    (name) => (statSync(join(data, String(name))).mode & 0o077) !== 0,
  );
  assert.deepEqual(open, []);
  assert.equal(await postern.stop(), 0);
});

test('SIGTERM lets a request in flight finish, then exit 0', async () => {
  const data = dataFolder();
  let answerNow: () => void = () => assert.fail('the back end was not asked');
  const asked = Promise.withResolvers<void>();
  const backend = await startBackend((_request, response) => {
    answerNow = () => response.end('late');
    asked.resolve();
  });
  const app = await fillStore(data, async (fill) => {
    const slow = await fill.api('slow', { endpoints: { production: { url: backend.url } } });
    return fill.application('slow', { subscribe: [slow] });
  });
  const postern = await startPostern({ data });
  const token = (
    await postForm(`${postern.http}/token`, { grant_type: 'client_credentials' }, basic(app.key, app.secret))
  ).json().access_token;
  const answer = call(`${postern.http}/slow/1.0.0/x`, { headers: { authorization: `Bearer ${token}` } });
  await asked.promise;
  const stopped = postern.stop();
  // No more connections are taken once draining has begun; then the back end may answer.
  await until(
    () =>
      call(`${postern.http}/token`, { fresh: true }).then(
        () => 'taken',
        () => 'refused',
      ),
    (outcome) => outcome === 'refused',
  );
  answerNow();
  assert.equal((await answer).body, 'late');
  assert.equal(await stopped, 0);
  await backend.close();
});

test('a killed child is started again, and the others go on', { skip: linux }, async () => {
  const postern = await startPostern({ data: dataFolder(), args: ['--gateway.threads=1'] });
  const token = await sampleToken(postern);
  assert.equal((await menu(postern, token)).status, 200);
  const children = childrenOf(postern.pid);
  assert.equal(children.length, 2);
  for (const child of children) {
    closeConnections();
    process.kill(child, 'SIGKILL');
    await until(
      async () => childrenOf(postern.pid),
      (now) => now.length === 2 && !now.includes(child),
    );
    await until(
      () => menu(postern, token),
      (answer) => answer.status === 200,
    );
    // And decisions still arrive.
    const other = await until(
      () => sampleToken(postern),
      (got) => got !== '',
    );
    await until(
      () => postForm(`${postern.http}/revoke`, { token: other }, basic(postern.key, postern.secret)),
      (a) => a.status === 200,
    );
    await until(
      () => menu(postern, other),
      (answer) => answer.status === 401,
    );
  }
  assert.equal(await postern.stop(), 0);
});

test('when the parent is killed, its children end', { skip: linux }, async () => {
  const postern = await startPostern({ data: dataFolder() });
  const children = childrenOf(postern.pid);
  await postern.kill();
  await until(
    async () => children.filter((pid) => commandOf(pid).includes('child.ts')),
    (alive) => alive.length === 0,
  );
});

test('a gateway with neither copy nor source answers 503/900950 until the source is there', async () => {
  const data = dataFolder();
  const scratch = await startPostern({ role: 'key-manager', data });
  await scratch.kill();
  const gateway = await startPostern({
    role: 'gateway',
    data,
    offset: scratch.offset,
    args: [`--controlPlane.url=${scratch.server}`, `--keyManager.serverUrl=${scratch.server}`],
    until: /^postern waits for the control plane at https:/m,
  });
  const answer = await call(`${gateway.http}/pizzashack/1.0.0/menu`);
  assert.equal(answer.status, 503);
  assert.equal(answer.json().fault.code, 900950);
  assert.equal((await call(`${gateway.admin}/ready`)).status, 503);
  assert.equal((await call(`${gateway.admin}/health`)).status, 200);
  const manager = await startPostern({ role: 'key-manager', data, offset: scratch.offset });
  await until(
    () => call(`${gateway.admin}/ready`),
    (ready) => ready.status === 200,
  );
  await until(
    async () => gateway.output(),
    (output) => /^postern ready/m.test(output),
  );
  assert.equal((await call(`${gateway.http}/pizzashack/1.0.0/menu`)).status, 404);
  await gateway.stop();
  await manager.stop();
});

test('a configuration file is read, and its mistakes are named with their place', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'postern-test-'));
  folders.push(folder);
  const file = join(folder, 'postern.toml');
  writeFileSync(file, '[gateway]\nhttpPort = 70000\n\n[Tokens]\naccesstokenvalidity = "long"\n');
  const result = await runPostern(['start', '--data', join(folder, 'data'), '--config', file]);
  assert.equal(result.status, 2);
  assert.match(result.err, /postern\.toml.*httpPort.*65535/);
  assert.match(result.err, /postern\.toml.*accesstokenvalidity/i);
});
