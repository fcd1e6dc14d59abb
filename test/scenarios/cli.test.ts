/** The command line against a control plane: environments, log-in, lists, tokens; and how it ends when it can't. */
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { call, closeConnections } from '../support/call.ts';
import { commandLine } from '../support/command-line.ts';
import { newDataFolder, type Postern, startPostern } from '../support/postern.ts';

let postern: Postern;
let folder: string;
let home: string;

before(async () => {
  postern = await startPostern({ args: ['--gateway.threads=1'] });
  folder = newDataFolder();
  home = join(folder, 'home');
  await ok('env', 'add', 'dev', '--url', postern.server, '--ca', join(postern.data, 'certificates', 'ca.pem'));
  await ok('login', 'dev', '-u', 'admin', '-p', 'admin');
});
after(async () => {
  closeConnections();
  await postern?.stop();
  rmSync(folder, { recursive: true, force: true });
});

const { ok, fails } = commandLine(() => ({ POSTERN_HOME: home }));

const session = (name = 'dev') => JSON.parse(readFileSync(join(home, 'sessions', `${name}.json`), 'utf8'));

test('what is kept of a log-in is for its owner only, and holds no password', () => {
  for (const kind of ['environments', 'sessions']) {
    assert.equal(statSync(join(home, kind)).mode & 0o077, 0);
    assert.equal(statSync(join(home, kind, 'dev.json')).mode & 0o077, 0);
  }
  assert.deepEqual(Object.keys(session()).sort(), [
    'accessToken',
    'clientId',
    'clientSecret',
    'expiresAt',
    'refreshToken',
    'user',
  ]);
});

test('get lists APIs as a table, as JSON and as YAML; what is no result goes to standard error', async () => {
  const table = await ok('get', 'apis', '-e', 'dev');
  assert.match(
    table.out,
    /^NAME +VERSION +CONTEXT +STATUS +PROVIDER +ID\nPizzaShackAPI +1\.0\.0 +\/pizzashack +PUBLISHED +admin/,
  );
  assert.equal(table.err, '');
  const json = JSON.parse((await ok('get', 'apis', '-e', 'dev', '--output', 'json')).out);
  assert.equal(json[0].name, 'PizzaShackAPI');
  assert.match((await ok('get', 'apis', '-e', 'dev', '--output', 'yaml')).out, /name: PizzaShackAPI/);
  assert.deepEqual(JSON.parse((await ok('get', 'apis', '-e', 'dev', '-q', 'name:nosuch', '--output', 'json')).out), []);
});

test('get lists applications: one’s own, and as an administrator those of others', async () => {
  const own = (await ok('get', 'apps', '-e', 'dev')).out;
  assert.match(own, /^NAME +OWNER +TIER +STATUS +SUBSCRIPTIONS +ID\n/);
  assert.match(own, /^PizzaShackApplication +admin +Unlimited +APPROVED +1 /m);
  // The admin API doesn't say the tier and the subscriptions, so there are no empty columns for them.
  const others = (await ok('get', 'apps', '-e', 'dev', '-o', 'admin')).out;
  assert.match(others, /^NAME +OWNER +STATUS +ID\n/);
  assert.match(others, /^PizzaShackApplication +admin +APPROVED +[\da-f-]+$/m);
});

test('keys prints a token with which the API answers, at any number of commands at once', async () => {
  const both = await Promise.all([1, 2].map(() => ok('keys', '-n', 'PizzaShackAPI', '-v', '1.0.0', '-e', 'dev')));
  for (const { out } of [...both, await ok('keys', '-n', 'PizzaShackAPI', '-v', '1.0.0', '-e', 'dev')]) {
    const authorization = `Bearer ${out.trim()}`;
    const answer = await call(`${postern.http}/pizzashack/1.0.0/menu`, { headers: { authorization } });
    assert.equal(answer.status, 200, answer.body);
  }
  const apps = JSON.parse((await ok('get', 'apps', '-e', 'dev', '-q', 'default-postern-app', '--output', 'json')).out);
  assert.equal(apps.length, 1);
});

test('change-status takes a step once; keys says the state of an API that nobody can subscribe to', async () => {
  const of = ['-n', 'PizzaShackAPI', '-v', '1.0.0', '-e', 'dev'];
  const step = async (action: string) => (await ok('change-status', 'api', '-a', action, ...of)).err;
  assert.match(await step('Publish'), /PUBLISHED in dev already/);
  assert.match(await step('Demote to Created'), /PUBLISHED -> CREATED in dev/);
  assert.match(
    await fails(5, 'keys', ...of),
    /it is CREATED, .*: postern change-status api -a Publish -n PizzaShackAPI -v 1\.0\.0 -e dev/,
  );
  assert.match(await step('Publish'), /CREATED -> PUBLISHED in dev/);
  assert.match(await fails(1, 'change-status', 'api', '-a', 'Retire', ...of), /"Retire" is not possible .* PUBLISHED/);
  assert.match(await fails(2, 'change-status', 'api', '-a', 'Publsh', ...of), /Allowed choices are Publish/);
  await fails(5, 'change-status', 'api', '-a', 'Publish', '-n', 'No', '-v', '1', '-e', 'dev');
});

test('an access token that has expired or was refused is renewed by itself', async () => {
  const file = join(home, 'sessions', 'dev.json');
  const old = session();
  writeFileSync(file, JSON.stringify({ ...old, expiresAt: 0 }));
  await ok('get', 'apis', '-e', 'dev');
  assert.notEqual(session().accessToken, old.accessToken);
  writeFileSync(file, JSON.stringify({ ...session(), accessToken: 'is-none' }));
  await ok('get', 'apis', '-e', 'dev');
});

test('3 when nobody is logged in, the password is wrong or the session has ended', async () => {
  await ok('env', 'add', 'other', '--url', postern.server, '--ca', join(postern.data, 'certificates', 'ca.pem'));
  assert.match(await fails(3, 'get', 'apis', '-e', 'other'), /nobody is logged in to other: postern login other/);
  const wrong = await fails(3, 'login', 'other', '-u', 'admin', '-p', 'wrong-password');
  assert.doesNotMatch(wrong, /wrong-password|still is/);
  await ok('login', 'other', '-u', 'admin', '-p', 'admin');
  const again = await fails(3, 'login', 'other', '-u', 'jane', '-p', 'wrong-password');
  assert.match(again, /jane was not logged in to other; admin still is/);
  writeFileSync(
    join(home, 'sessions', 'other.json'),
    JSON.stringify({ ...session('other'), expiresAt: 0, refreshToken: 'gone' }),
  );
  assert.match(await fails(3, 'get', 'apis', '-e', 'other'), /has ended; log in again: postern login other/);
});

test('log-out revokes the tokens and forgets them', async () => {
  await ok('env', 'add', 'brief', '--url', postern.server, '--ca', join(postern.data, 'certificates', 'ca.pem'));
  await ok('login', 'brief', '-u', 'admin', '-p', 'admin');
  const authorization = `Bearer ${session('brief').accessToken}`;
  const list = () => call(`${postern.server}/api/am/publisher/v1/apis`, { headers: { authorization } });
  assert.equal((await list()).status, 200);
  await ok('logout', 'brief');
  assert.equal((await list()).status, 401);
  assert.ok(!existsSync(join(home, 'sessions', 'brief.json')));
  await fails(3, 'get', 'apis', '-e', 'brief');
});

test('4 when nobody answers, or with a certificate that is not believed; -k believes it and says so', async () => {
  await ok('env', 'add', 'nowhere', '--url', 'https://localhost:1');
  assert.match(
    await fails(4, 'login', 'nowhere', '-u', 'a', '-p', 'b'),
    /localhost:1 can't be reached \(ECONNREFUSED\)/,
  );
  await ok('env', 'add', 'strange', '--url', postern.server);
  assert.match(await fails(4, 'login', 'strange', '-u', 'admin', '-p', 'admin'), /certificate .* is not believed/);
  assert.match((await ok('login', 'strange', '-k', '-u', 'admin', '-p', 'admin')).err, /certificates are not checked/);
});

test('5 when there is no such API or application', async () => {
  assert.match(await fails(5, 'export', 'api', '-n', 'No', '-v', '1', '-e', 'dev'), /There is no API No 1/);
  assert.match(await fails(5, 'export', 'app', '-n', 'No', '-e', 'dev'), /no application No/);
  assert.match(await fails(5, 'keys', '-n', 'No', '-v', '1', '-e', 'dev'), /no API No 1/);
});

test('2 for what makes no sense, with what was expected', async () => {
  assert.match(await fails(2, 'get', 'apis', '-e', 'dve'), /no environment dve; did you mean dev\?/);
  assert.match(await fails(2, 'env', 'add', '../x', '--url', postern.server), /no name of an environment/);
  assert.match(
    await fails(2, 'env', 'add', 'x', '--url', 'http://example.org'),
    /--url: expected https, .* http is for this machine only \(localhost\), not example\.org/,
  );
  assert.match(await fails(2, 'env', 'add', 'x', '--url', 'no address'), /--url: expected an address like https/);
  assert.match(
    await fails(2, 'env', 'add', 'x', '--ulr', postern.server),
    /unknown option '--ulr'; did you mean --url/,
  );
  assert.match(await fails(2, 'env', 'add', 'x'), /required option '--url <address>' not specified/);
  assert.match(await fails(2, 'env', 'add', 'dev', '--url', postern.server), /there already/);
  assert.match(await fails(2, 'get', 'apis', '-e', 'dev', '--limit', '0'), /expected a number from 1 on/);
  assert.match(await fails(2, 'login', 'dev', '-u', 'admin'), /--password-stdin is missing/);
  await fails(2, 'get', 'apis');
});

test('an environment that moves elsewhere takes no session along', async () => {
  await ok('env', 'add', 'moved', '--url', postern.server, '--ca', join(postern.data, 'certificates', 'ca.pem'));
  await ok('login', 'moved', '-u', 'admin', '-p', 'admin');
  await ok('env', 'set', 'moved', '--timeout', '5000');
  await ok('get', 'apis', '-e', 'moved');
  await ok('env', 'set', 'moved', '--url', 'https://localhost:1');
  await fails(3, 'get', 'apis', '-e', 'moved');
  const list = JSON.parse((await ok('env', 'list', '--output', 'json')).out) as { name: string; tokenUrl: string }[];
  assert.equal(list.find(({ name }) => name === 'moved')?.tokenUrl, 'https://localhost:1/oauth2/token');
  await ok('env', 'remove', 'moved');
  assert.doesNotMatch((await ok('env', 'list')).out, /moved/);
});

test('export writes a whole folder or nothing, replaces only projects, and keeps what others put beside', async () => {
  const to = join(folder, 'pizza');
  const args = ['export', 'api', '-n', 'PizzaShackAPI', '-v', '1.0.0', '-e', 'dev', '--to', to];
  await ok(...args);
  assert.match(await fails(2, ...args), /is there already; --force replaces it/);
  writeFileSync(join(to, 'api_params.yaml'), 'environments: []\n');
  writeFileSync(join(to, 'Meta-information', 'api.json'), '');
  writeFileSync(join(to, 'Meta-information', 'notes.txt'), '');
  await ok(...args, '--force');
  assert.ok(existsSync(join(to, 'api_params.yaml')));
  assert.deepEqual(readdirSync(join(to, 'Meta-information')), [
    'api.yaml',
    'client_certificates.yaml',
    'endpoint_certificates.yaml',
    'notes.txt',
    'swagger.yaml',
  ]);
  const foreign = join(folder, 'foreign');
  mkdirSync(foreign);
  writeFileSync(join(foreign, 'thesis.txt'), 'x');
  const elsewhere = [...args.slice(0, -1), foreign, '--force'];
  assert.match(await fails(2, ...elsewhere), /is no export of an API/);
  assert.deepEqual(readdirSync(foreign), ['thesis.txt']);
  assert.deepEqual(
    readdirSync(folder).filter((name) => /new-/.test(name)),
    [],
  );
});

test('export of all APIs goes on where it was interrupted', async () => {
  const to = join(folder, 'all');
  assert.match((await ok('export', 'apis', '-e', 'dev', '--to', to)).err, /exported 1 APIs/);
  assert.ok(existsSync(join(to, 'PizzaShackAPI-1.0.0', 'Meta-information', 'api.yaml')));
  assert.match((await ok('export', 'apis', '-e', 'dev', '--to', to)).err, /exported 0 APIs .*; 1 were there already/);
  assert.match((await ok('export', 'apis', '-e', 'dev', '--to', to, '--force')).err, /exported 1 APIs/);
});
