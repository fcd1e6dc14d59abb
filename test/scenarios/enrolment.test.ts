/** A gateway elsewhere: it enrols with a code, follows, renews its certificate, and is expelled. */
import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import https from 'node:https';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { TLSSocket } from 'node:tls';
import { openHubSource } from '../../src/adapters/brokers/hub.ts';
import { renewIfDue } from '../../src/cli/enrolment/keep-certificate.ts';
import { readPem } from '../../src/platform/authority.ts';
import { type CertificateAndKey, openCertificates } from '../../src/platform/certificates.ts';
import { ManualClock } from '../../src/platform/clock.ts';
import { silentLog } from '../../src/platform/log.ts';
import { startBackend } from '../support/backend.ts';
import { basic, call, closeConnections, postForm } from '../support/call.ts';
import { fillStore } from '../support/fill-store.ts';
import { startTestGateway, testApi } from '../support/gateway.ts';
import { newDataFolder, type Postern, runPostern, startPostern } from '../support/postern.ts';
import { logIn, type RestClient, restClient } from '../support/rest.ts';

let postern: Postern;
let admin: RestClient;
const folders: string[] = [];
const newFolder = (): string => {
  const folder = newDataFolder();
  folders.push(folder);
  return folder;
};

before(async () => {
  postern = await startPostern({ args: ['--gateway.threads=1'] });
  const authorization = await logIn(postern.server, { scopes: ['apim:admin'] });
  admin = restClient(`${postern.server}/api/am/admin/v1`, authorization);
});
after(async () => {
  closeConnections();
  await postern?.stop();
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

async function invite(name?: string): Promise<string> {
  const answer = await admin.post('/gateways/invitations', { ...(name !== undefined && { name }) });
  assert.equal(answer.status, 201, answer.body);
  return answer.json().code;
}

const enrol = (code: string, data: string, ...more: string[]) =>
  runPostern(['enrol', code, '--server-url', postern.server, '--data', data, ...more]);

async function enrolled(name: string): Promise<{ data: string; ca: string; pair: CertificateAndKey }> {
  const data = newFolder();
  const { status, err } = await enrol(await invite(name), data);
  assert.equal(status, 0, err);
  const { cert = '', key = '' } = readPem(join(data, 'certificates', 'gateway.pem'));
  return { data, ca: readFileSync(join(data, 'certificates', 'ca.pem'), 'utf8'), pair: { cert, key } };
}

/** A request with a client certificate. */
function ask(path: string, { pair, ca }: { pair: CertificateAndKey; ca: string }, form?: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const headers = form === undefined ? {} : { 'content-type': 'application/x-www-form-urlencoded' };
    const method = form === undefined ? 'GET' : 'POST';
    const request = https.request(postern.server + path, { method, ca, ...pair, agent: false, headers }, (response) => {
      response.resume();
      response.on('end', () => resolve(response.statusCode ?? 0));
    });
    request.on('error', reject);
    request.end(form);
  });
}

/** What the error says that a request gets. */
async function describe(path: string, tls: https.RequestOptions): Promise<string> {
  const request = https.get(postern.server + path, { ...tls, agent: false });
  const [response] = await once(request, 'response');
  let text = '';
  for await (const chunk of response) text += chunk;
  return JSON.parse(text).description;
}

const status = async (gateway: Postern) => (await call(`${gateway.admin}/status`)).json();

test('a gateway enrols with a code, once, follows the control plane, and loses all when it is expelled', {
  timeout: 120_000,
}, async () => {
  const data = newFolder();
  const code = await invite();
  const first = await enrol(code, data, '--name', 'edge-1');
  assert.equal(first.status, 0, first.err);
  assert.match(first.out, /^enrolled as edge-1\n/);
  const certificates = join(data, 'certificates');
  assert.deepEqual(readdirSync(certificates).sort(), ['ca.pem', 'gateway.pem'], 'nothing by which it could issue');
  for (const file of readdirSync(certificates)) assert.equal(statSync(join(certificates, file)).mode & 0o777, 0o600);
  const again = await enrol(code, newFolder());
  assert.equal(again.status, 1);
  assert.match(again.err, /The code is not good, or not any more/);

  const urls = [`--controlPlane.url=${postern.server}`, `--keyManager.serverUrl=${postern.server}`];
  const gateway = await startPostern({ role: 'gateway', data, args: [...urls, '--gateway.threads=1'] });
  try {
    const token = await call(`${postern.http}/pizzashack/1.0.0/menu`);
    assert.equal((await call(`${gateway.http}/pizzashack/1.0.0/menu`)).status, token.status, 'it has the APIs');
    assert.equal((await status(gateway)).source.connected, true);
    const { list } = (await admin.get('/gateways')).json();
    assert.deepEqual(list.map(({ name }: { name: string }) => name).sort(), ['edge-1', 'gateway']);

    const ca = readFileSync(join(certificates, 'ca.pem'), 'utf8');
    const { cert = '', key = '' } = readPem(join(certificates, 'gateway.pem'));
    const edge = { pair: { cert, key }, ca };
    assert.equal(await ask('/internal/data/v1/snapshot', edge), 200);
    assert.equal(await ask('/oauth2/introspect', edge, 'token=x'), 200);

    assert.equal((await admin.post('/gateways/expulsions', { gateway: 'edge-1' })).status, 201);
    const now = (await admin.get('/gateways')).json().list;
    assert.deepEqual(
      now.map(({ name }: { name: string }) => name),
      ['gateway'],
      'its stream was cut when the answer came',
    );
    assert.equal(await ask('/internal/data/v1/snapshot', edge), 403);
    const expelled = { ca, ...edge.pair };
    assert.match(
      await describe('/internal/data/v1/events?after=x:1', expelled),
      /was expelled; a new code .* enrols it/,
    );
    assert.match(await describe('/internal/data/v1/events?after=x:1', { ca }), /^Only enrolled gateways/);
    assert.equal(await ask('/internal/data/v1/events?after=x:1', edge), 403);
    assert.equal(await ask('/oauth2/introspect', edge, 'token=x'), 401);
    assert.equal(await ask('/internal/data/v1/renewal', edge, ''), 403);
    while ((await status(gateway)).source.connected);
    assert.equal((await status(postern)).source.connected, true, 'the own gateway goes on');
    const known = (await admin.get('/gateways/certificates')).json().list;
    const mine = known.find(({ name }: { name: string }) => name === 'edge-1');
    assert.equal(mine.state, 'EXPELLED');
    const back = await enrol(await invite('edge-1'), data);
    assert.equal(back.status, 0, back.err);
    assert.match(back.err, /a gateway runs with this folder, and shows the certificate from before/);
  } finally {
    await gateway.stop();
  }
  assert.equal((await admin.post('/gateways/expulsions', { gateway: 'nobody' })).status, 404);
  const log = (await admin.get('/audit-log?kind=gateway')).json().list;
  const said = log.map(({ action, name }: { action: string; name: string }) => `${action} ${name}`);
  assert.deepEqual(said.slice(0, 5), ['enrol edge-1', 'invite edge-1', 'expel edge-1', 'enrol edge-1', 'invite ']);
});

test('a code is not shown to a server with another authority', async () => {
  const other = await openCertificates(join(newFolder(), 'certificates'));
  const asked: string[] = [];
  const rogue = https.createServer({ ...other.server }, (request, response) => {
    asked.push(`${request.method} ${request.url}`);
    response.end(other.ca);
  });
  rogue.listen(0, '127.0.0.1');
  await once(rogue, 'listening');
  const code = await invite('edge-2');
  const data = newFolder();
  const url = `https://127.0.0.1:${(rogue.address() as AddressInfo).port}`;
  const { status, err } = await runPostern(['enrol', code, '--server-url', url, '--data', data]);
  rogue.close();
  assert.equal(status, 1);
  assert.match(err, /has another authority than the one that made the code; nothing was sent to it/);
  assert.deepEqual(asked, ['GET /internal/data/v1/authority']);
  assert.equal(existsSync(join(data, 'certificates')), false);
  assert.equal((await enrol(code, data)).status, 0, 'the code is still good');
});

test('certificates of another authority are replaced by force only; those of the same one are renewed by another code', async () => {
  const data = newFolder();
  await openCertificates(join(data, 'certificates'));
  const code = await invite('edge-3');
  const refused = await enrol(code, data);
  assert.equal(refused.status, 2);
  assert.match(refused.err, /has certificates of another authority; --force replaces them/);
  const forced = await enrol(code, data, '--force');
  assert.equal(forced.status, 0, forced.err);
  assert.deepEqual(readdirSync(join(data, 'certificates')).sort(), ['ca.pem', 'gateway.pem']);
  assert.deepEqual(
    readdirSync(data).filter((name) => name !== 'certificates'),
    [],
    'nothing is left of the old ones',
  );
  const before = readFileSync(join(data, 'certificates', 'gateway.pem'), 'utf8');
  assert.equal((await enrol(await invite('edge-3'), data)).status, 0);
  assert.notEqual(readFileSync(join(data, 'certificates', 'gateway.pem'), 'utf8'), before);
  const wrong = await runPostern(['enrol', 'abc', '--server-url', postern.server, '--data', data]);
  assert.equal(wrong.status, 2);
});

test('the folder of a control plane is not enrolled by mistake: 2, and nothing is changed', async () => {
  const file = join(postern.data, 'certificates', 'gateway.pem');
  const before = readFileSync(file, 'utf8');
  const code = await invite('edge-10');
  const { status, err } = await enrol(code, postern.data);
  assert.equal(status, 2);
  assert.match(err, /has those of a control plane, whose own gateway is known without a code; --force replaces them/);
  assert.equal(readFileSync(file, 'utf8'), before);
  const elsewhere = await enrol(code, newFolder());
  assert.equal(elsewhere.status, 0, 'the code is still good');
  assert.doesNotMatch(elsewhere.err, /a gateway runs with this folder/);
});

test('a certificate with less than 30 days is renewed by itself, with a new key; before that it is left alone', async () => {
  const { data, ca, pair } = await enrolled('edge-4');
  const file = join(data, 'certificates', 'gateway.pem');
  const clock = new ManualClock(Date.now() + 334 * 86_400_000);
  const options = { file, ca, origins: ['https://127.0.0.1:1', postern.server], clock, log: silentLog };
  assert.equal(await renewIfDue(pair, options), pair);
  clock.advance(2 * 86_400_000);
  const next = await renewIfDue(pair, options);
  assert.notEqual(next.cert, pair.cert);
  assert.notEqual(next.key, pair.key);
  assert.equal(readFileSync(file, 'utf8'), next.cert + next.key);
  assert.equal(await ask('/internal/data/v1/snapshot', { pair: next, ca }), 200);
  const nobody = { ...options, origins: ['https://127.0.0.1:1'] };
  assert.equal(await renewIfDue(pair, nobody), pair, 'while nobody does it, it stays');
});

test('the connection that follows a renewal shows the new certificate', async () => {
  const { ca, pair } = await enrolled('edge-6');
  const other = (await enrolled('edge-6')).pair;
  const own = await openCertificates(join(postern.data, 'certificates'));
  const shown: string[] = [];
  const twice = Promise.withResolvers<void>();
  const server = https.createServer({ ...own.server, ca, requestCert: true }, (request, response) => {
    shown.push((request.socket as TLSSocket).getPeerCertificate().fingerprint256);
    response.writeHead(200, { 'content-type': 'application/x-ndjson' }).end();
    if (shown.length === 2) twice.resolve();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  let present = pair;
  const source = openHubSource({
    url: `https://localhost:${(server.address() as AddressInfo).port}`,
    ca,
    get cert() {
      return present.cert;
    },
    get key() {
      return present.key;
    },
  });
  const following = source.follow(() => ({ epoch: 'x', number: 0 }), {
    connected: () => {
      present = other;
    },
    events: () => {},
    disconnected: () => {},
  });
  await twice.promise;
  following.stop();
  source.close();
  server.close();
  assert.deepEqual(
    shown.slice(0, 2),
    [pair, other].map(({ cert }) => new X509Certificate(cert).fingerprint256),
  );
});

test('a gateway asks the key manager with the certificate that took the place of its first one', async () => {
  const [first, second] = [await enrolled('edge-7'), await enrolled('edge-8')];
  const { key, secret } = await fillStore(postern.data, (fill) => fill.application('o', { tokenType: 'OPAQUE' }));
  const newToken = async (scope: string): Promise<string> => {
    const form = { grant_type: 'client_credentials', scope };
    return (await postForm(`${postern.server}/oauth2/token`, form, basic(key, secret))).json().access_token;
  };
  const backend = await startBackend();
  const edge = await startTestGateway({
    certificates: { ...(await openCertificates(newFolder())), ca: first.ca, gateway: first.pair },
    flags: [`--keyManager.serverUrl=${postern.server}`],
    fixed: { entities: [testApi('api', backend.url)] },
  });
  const use = async (token: string) =>
    (await call(`${edge.http}/api/1.0.0/x`, { headers: { authorization: `Bearer ${token}` } })).status;
  try {
    await edge.gateway.serving;
    assert.equal(await use(await newToken('device_1')), 200);
    edge.gateway.present(second.pair);
    assert.equal((await admin.post('/gateways/expulsions', { gateway: 'edge-7' })).status, 201);
    assert.equal(await use(await newToken('device_2')), 200, 'with the second, for the first is not believed any more');
    assert.equal((await admin.post('/gateways/expulsions', { gateway: 'edge-8' })).status, 201);
    assert.equal(await use(await newToken('device_3')), 500, 'neither is believed');
  } finally {
    await edge.stop();
    await backend.close();
  }
});

test('a gateway can not pass for a hub: its certificate is none of a server', async () => {
  const { ca, pair } = await enrolled('edge-5');
  const rogue = https.createServer(pair, (_request, response) => response.end('{}'));
  rogue.listen(0, '127.0.0.1');
  await once(rogue, 'listening');
  const source = openHubSource({ url: `https://localhost:${(rogue.address() as AddressInfo).port}`, ca, ...pair });
  try {
    await assert.rejects(source.snapshot(), /unsuitable certificate purpose|unsupported certificate purpose/);
    const failed = Promise.withResolvers<Error>();
    const following = source.follow(() => ({ epoch: 'x', number: 0 }), {
      connected: () => failed.reject(new Error('it was believed')),
      events: () => {},
      disconnected: failed.resolve,
    });
    assert.match((await failed.promise).message, /certificate purpose/);
    following.stop();
  } finally {
    source.close();
    rogue.close();
  }
});

test('a gateway without certificates of its control plane says at the start how to get them', async () => {
  const data = newFolder();
  mkdirSync(join(data, 'certificates'), { recursive: true });
  const ca = readFileSync(join(postern.data, 'certificates', 'ca.pem'));
  writeFileSync(join(data, 'certificates', 'ca.pem'), ca, { mode: 0o600 });
  const offset = String(await freeOffset());
  const { status, err } = await runPostern(['gateway', '--data', data, '--port-offset', offset]);
  assert.equal(status, 1);
  assert.match(err, /gateway\.pem is missing, .* by "postern enrol"/);
});

async function freeOffset(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  return (port % 20_000) + 21_000;
}
