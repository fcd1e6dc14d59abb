/** `postern revoke` and `postern status`, against a control plane and gateways. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { decodeJwt } from 'jose';
import { startBackend } from '../support/backend.ts';
import { type Answer, basic, call, closeConnections, postForm } from '../support/call.ts';
import { commandLine } from '../support/command-line.ts';
import { newDataFolder, type Postern, startPostern } from '../support/postern.ts';
import { logIn, restClient } from '../support/rest.ts';

const command = fileURLToPath(new URL('../../bin/postern', import.meta.url));
let postern: Postern;
let folder: string;

before(async () => {
  postern = await startPostern({ args: ['--gateway.threads=1'] });
  folder = newDataFolder();
  await ok('env', 'add', 'dev', '--url', postern.server, '--ca', join(postern.data, 'certificates', 'ca.pem'));
  await ok('login', 'dev', '-u', 'admin', '-p', 'admin');
  const admin = restClient(
    `${postern.server}/api/am/admin/v1`,
    await logIn(postern.server, { scopes: ['apim:admin'] }),
  );
  const vera = { name: 'vera', password: 'long enough', roles: ['Internal/publisher'] };
  assert.equal((await admin.post('/users', vera)).status, 201);
});
after(async () => {
  closeConnections();
  await postern?.stop();
  rmSync(folder, { recursive: true, force: true });
});

const { run, ok, fails } = commandLine(() => ({ POSTERN_HOME: folder }));

async function issue(form: Record<string, string> = { grant_type: 'client_credentials' }): Promise<string> {
  const answer = await postForm(`${postern.http}/token`, form, basic(postern.key, postern.secret));
  assert.equal(answer.status, 200, answer.body);
  return answer.json().access_token;
}
const forVera = { grant_type: 'password', username: 'vera', password: 'long enough' };

const use = (token: string): Promise<Answer> =>
  call(`${postern.http}/pizzashack/1.0.0/menu`, { headers: { authorization: `Bearer ${token}` } });

async function isRefused(token: string): Promise<void> {
  for (const from = performance.now(); (await use(token)).status !== 401; ) {
    assert.ok(performance.now() - from < 1000, 'the token is still accepted after 1 s');
  }
}

/** With the token on standard input, as a pipe gives it. */
function revokePiped(token: string): Promise<{ status: number | null; out: string; err: string }> {
  const child = spawn(process.execPath, [command, 'revoke', '-', '-e', 'dev', '--output', 'json'], {
    env: { ...process.env, POSTERN_HOME: folder },
  });
  let [out, err] = ['', ''];
  child.stdout.on('data', (chunk) => void (out += chunk));
  child.stderr.on('data', (chunk) => void (err += chunk));
  child.stdin.end(`${token}\n`);
  return new Promise((resolve) => child.on('close', (status) => resolve({ status, out, err })));
}

test('revoke: a token on standard input or on the command line, which it warns of; 401 at the gateway', async () => {
  const [piped, shown] = [await issue(), await issue()];
  assert.equal((await use(piped)).status, 200);
  const { status, out, err } = await revokePiped(piped);
  assert.deepEqual([status, err], [0, '']);
  const [answer, ...more] = JSON.parse(out);
  assert.deepEqual([answer.kind, answer.value, more], ['accessToken', decodeJwt(piped).jti, []]);
  await isRefused(piped);
  assert.equal((await use(shown)).status, 200);
  const given = await ok('revoke', shown, '-e', 'dev');
  assert.match(given.out, /^REVOKED +VALUE +USER +EXPIRES +ACCESS TOKENS/);
  assert.match(given.err, /others on this machine may see a token/);
  assert.ok(!`${given.out}${given.err}`.includes(shown));
  await isRefused(shown);
  assert.match((await revokePiped(piped)).err, /unknown, has expired or was revoked before/);
  assert.match((await revokePiped('')).err, /no token on standard input/);
});

test('revoke: everything of a user, everything of a client, and what was issued up to a second', async () => {
  const [ofUser, ofApp] = [await issue(forVera), await issue()];
  const seconds = Math.floor(Date.now() / 1000) - 3600;
  const none = JSON.parse(
    (await ok('revoke', '--user', 'vera', '--issued-before', String(seconds), '-e', 'dev', '--output', 'json')).out,
  );
  assert.deepEqual([none[0].accessTokens, Date.parse(none[0].issuedBefore)], [0, seconds * 1000]);
  assert.match((await ok('revoke', '--user', 'vera', '-e', 'dev')).out, /^REVOKED .*\nuser +vera@carbon\.super +/);
  await isRefused(ofUser);
  assert.equal((await use(ofApp)).status, 200);
  assert.match((await ok('revoke', '--client', postern.key, '-e', 'dev', '--output', 'yaml')).out, /kind: consumerKey/);
  await isRefused(ofApp);
});

test('revoke: 2 for what makes no sense, 1 for what is refused, 3 for who may not, 5 for what is not there', async () => {
  assert.match(await fails(2, 'revoke', '-e', 'dev'), /expected one of a token, --user and --client/);
  assert.match(await fails(2, 'revoke', 'x', '--user', 'vera', '-e', 'dev'), /expected one of a token/);
  assert.match(await fails(2, 'revoke', '--user', '-e', 'dev'), /option '--user <name>' argument missing/);
  assert.match(
    await fails(2, 'revoke', '--client', '--user', 'vera', '-e', 'dev'),
    /'--client <key>' argument missing/,
  );
  assert.match(await fails(2, 'revoke', '--user', 'vera', '--client', 'k', '-e', 'dev'), /cannot be used with/);
  assert.match(await fails(2, 'revoke', 'x', '--issued-before', '1', '-e', 'dev'), /--issued-before: expected only/);
  assert.match(
    await fails(1, 'revoke', '--user', 'vera', '--issued-before', 'soon', '-e', 'dev'),
    /--issued-before: expected/,
  );
  assert.match(
    await fails(1, 'revoke', '--user', 'x', '--issuer', 'https://no.example', '-e', 'dev'),
    /--issuer: expected/,
  );
  assert.match(await fails(5, 'revoke', '--user', 'nobody', '-e', 'dev'), /There is no user nobody/);
  await fails(5, 'revoke', 'nonsense', '-e', 'dev');
  await ok('env', 'add', 'vera', '--url', postern.server, '--ca', join(postern.data, 'certificates', 'ca.pem'));
  await ok('login', 'vera', '-u', 'vera', '-p', 'long enough');
  assert.match(await fails(3, 'revoke', '--user', 'admin', '-e', 'vera'), /vera may not do that/);
});

test('status: 0 for a gateway that is ready and up to date, with what it knows; with a control plane, who follows it', async () => {
  const offset = String(postern.offset);
  const table = await ok('status', '--port-offset', offset);
  assert.match(table.out, /^GATEWAY +READY +APPLIED +HEAD +LAG +STALENESS +SOURCE/);
  assert.match(table.out, new RegExp(`^${postern.admin} +yes +\\d+ +\\d+ +0 +\\d\\.\\d s +event hub https://`, 'm'));
  const { gateways, connected } = JSON.parse(
    (await ok('status', '--gateway', `${postern.admin}/`, '-e', 'dev', '--output', 'json')).out,
  );
  const [{ applied, head, entities, source }] = gateways;
  assert.ok(applied > 0 && applied === head && entities.revocation > 0 && entities.api === 1);
  assert.equal(connected.length, 1);
  assert.ok(connected[0].sent >= applied && /^([0-9A-F]{2}:)+/.test(connected[0].fingerprint) && source);
  assert.match((await ok('status', '-e', 'dev')).out, /^FOLLOWS +ADDRESS +SENT +LAG/);
});

test('status: 1 when one of the gateways is dead, not ready, stale, or none; 2 for an address that is none', async (t) => {
  let page: object = {};
  const gateway = await startBackend((_request, response) => response.end(JSON.stringify(page)));
  t.after(() => gateway.close());
  const source = { source: 'hub', connected: true, position: 'e:7', head: 7, lag: 0, stalenessMs: 300 };
  const says = async (status: number, shown: object, expected: RegExp) => {
    page = shown;
    const result = await run('status', '--gateway', postern.admin, '--gateway', gateway.url);
    assert.equal(result.status, status, result.out + result.err);
    assert.match(result.out, expected);
  };
  await says(0, { serving: true, source, entities: { api: 3 } }, /yes +7 +7 +0 +0\.3 s +hub/);
  await says(0, { serving: true, source: null, entities: {} }, /yes/);
  await says(1, { serving: true, source: { ...source, stalenessMs: 5001 } }, /5\.0 s/);
  await says(1, { serving: true, source: { ...source, stalenessMs: null, connected: false } }, /hub \(not connected\)/);
  await says(1, { serving: false, shut: 'no room', source }, /no +7 .*no room/);
  await says(1, {}, /is it the admin address of a gateway/);
  const dead = await run('status', '--gateway', 'http://127.0.0.1:1');
  assert.equal(dead.status, 1);
  assert.match(dead.out, /no .*can't be reached \((ECONNREFUSED|bad port)\)/);
  assert.match(await fails(2, 'status', '--gateway', 'nowhere'), /--gateway: expected an address/);
  assert.match(await fails(2, 'status', '--gateway', gateway.url, '--port-offset', '1'), /not both/);
});

test('gateways: the one of this machine is listed as LOCAL, and as EXPELLED when it is expelled', async () => {
  const rows = async () => JSON.parse((await ok('gateways', 'list', '-e', 'dev', '--output', 'json')).out);
  const [local, ...others] = await rows();
  assert.deepEqual([local.name, local.state, others], ['gateway', 'LOCAL', []]);
  assert.match((await ok('gateways', 'expel', 'gateway', '-e', 'dev')).err, /gateway is expelled/);
  assert.deepEqual(await rows(), [{ name: 'gateway', state: 'EXPELLED' }]);
  assert.match((await ok('gateways', 'invite', '--help')).out, /\(default: 15m\)/);
});
