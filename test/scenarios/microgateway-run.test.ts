/** A microgateway from its artifact and its configuration alone: isolated, as `postern run` and as `gateway`. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createHash, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { existsSync } from 'node:fs';
import { createServer as createHttpsServer, type Server } from 'node:https';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { connect } from 'node:tls';
import { fileURLToPath } from 'node:url';
import { freePort } from '../../src/platform/ports.ts';
import { issueCertificate } from '../../src/platform/x509.ts';
import { type Backend, startBackend } from '../support/backend.ts';
import { basic, call, closeConnections } from '../support/call.ts';
import {
  buildArtifact,
  type Microgateway,
  newWorkFolder,
  runCommand,
  startMicrogateway,
} from '../support/microgateway.ts';
import { newSigner, signerWith } from '../support/signer.ts';

const definition = `
openapi: 3.0.1
info:
  title: Shop
  version: 1.0.0
x-wso2-basePath: /shop/1.0.0
x-wso2-endpoints:
  - orders:
      urls: [http://127.0.0.1:1/nowhere]
x-wso2-production-endpoints: '#/x-wso2-endpoints/orders'
paths:
  /items:
    get:
      responses: { '200': { description: all } }
  /staff:
    get:
      x-wso2-application-security:
        security-types: [basic_auth]
      responses: { '200': { description: for users } }
  /public:
    get:
      x-wso2-disable-security: true
      responses: { '200': { description: for everybody } }
`;

const work = newWorkFolder();
const byKeys = newSigner('k1');
const byCertificate = signerWith(generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey);
const listener = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const authority = generateKeyPairSync('ec', { namedCurve: 'P-256' });

let backend: Backend;
let jwks: Server;
let artifact: string;
let microgateway: Microgateway;

/** A certificate of the test's authority, or that authority's own. */
function certify(publicKey: KeyObject, commonName: string, isAuthority = false): Promise<string> {
  return issueCertificate({
    subject: { organization: 'Test', commonName },
    publicKey,
    issuer: { organization: 'Test', commonName: 'authority' },
    issuerKey: authority,
    notBefore: new Date('2020-01-01'),
    notAfter: new Date('2040-01-01'),
    ...(isAuthority ? { purpose: 'authority' } : { purpose: 'server', hosts: ['localhost', '127.0.0.1'] }),
  });
}

before(async () => {
  backend = await startBackend();
  const key = listener.privateKey.export({ type: 'pkcs8', format: 'pem' });
  const cert = await certify(listener.publicKey, 'listener');
  const keys = JSON.stringify({ keys: [byKeys.jwk] });
  jwks = createHttpsServer({ key, cert }, (_request, response) => response.end(keys));
  await new Promise<void>((resolve) => jwks.listen(0, '127.0.0.1', resolve));
  const { port } = jwks.address() as { port: number };
  artifact = await buildArtifact(work.path, 'shop', definition);
  const partner = await certify(byCertificate.publicKey, 'partner');
  work.file('conf/trusted.pem', `# partner\n${partner}${await certify(authority.publicKey, 'authority', true)}`);
  work.file('conf/listener.pem', `${cert}${key}`);
  const digest = createHash('sha256').update('secret:with:colons').digest('hex');
  work.file(
    'conf/micro-gw.conf',
    `
[listenerConfig]
keyStorePath = "listener.pem"
trustStorePath = "trusted.pem"
[[jwtTokenConfig]]
issuer = "https://published"
jwksURL = "https://127.0.0.1:${port}/jwks"
audience = "shop"
[[jwtTokenConfig]]
issuer = "https://certified"
certificateAlias = "partner"
consumerKeyClaim = "cid"
[b7a.users.alice]
password = "@sha256:{${digest}}"
[httpClients]
enableHttp2 = false
`,
  );
  microgateway = await startMicrogateway({
    args: [artifact, '--data', join(work.path, 'data'), `--orders_prod_endpoint_0=${backend.url}/v1`],
    folder: work.path,
  });
});
after(async () => {
  await microgateway?.stop();
  await backend.close();
  jwks.close();
  closeConnections();
  work.remove();
});

const get = (path: string, authorization?: string) =>
  call(`${microgateway.https}/shop/1.0.0${path}`, { headers: authorization === undefined ? {} : { authorization } });

test('200 at once without any control plane, and the start says where everything is', async () => {
  const answer = await get('/public');
  assert.equal(answer.status, 200);
  assert.equal(answer.json().url, '/v1/public');
  const output = microgateway.output();
  assert.match(output, /configured by .*conf\/micro-gw\.conf, isolated: no source of revocations/);
  assert.match(output, /Shop 1\.0\.0 +https:\/\/localhost:\d+\/shop\/1\.0\.0/);
  assert.match(output, /^ {2}curl -k .*\/shop\/1\.0\.0\/items$/m);
  assert.match(output.trimEnd().split('\n').at(-1) ?? '', /^postern ready/);
  assert.match(microgateway.log(), /warning: .*micro-gw\.conf:\d+: httpClients\.enableHttp2 has no effect/);
});

describe('tokens', () => {
  test('200 with one of the issuer whose keys are published, 401 for another audience', async () => {
    const claims = { iss: 'https://published', aud: ['shop', 'x'], client_id: 'app' };
    assert.equal((await get('/items', `Bearer ${byKeys.sign(claims)}`)).status, 200);
    assert.equal((await get('/items', `Bearer ${byKeys.sign({ ...claims, aud: 'other' })}`)).status, 401);
  });

  test('200 with one of the issuer whose certificate is in the trust store', async () => {
    const token = byCertificate.sign({ iss: 'https://certified', cid: 'app' }, { kid: undefined });
    assert.equal((await get('/items', `Bearer ${token}`)).status, 200);
  });

  test('401 when the one signs for the other, and for an issuer that is not configured', async () => {
    const forged = byKeys.sign({ iss: 'https://certified', cid: 'app' });
    assert.equal((await get('/items', `Bearer ${forged}`)).status, 401);
    const unknown = byKeys.sign({ iss: 'https://localhost:9443/oauth2/token', client_id: 'app' });
    assert.equal((await get('/items', `Bearer ${unknown}`)).status, 401);
  });
});

test('200 with the password of a configured user, colons and all, 401 with another', async () => {
  assert.equal((await get('/staff', basic('alice', 'secret:with:colons'))).status, 200);
  assert.equal((await get('/staff', basic('alice', 'secret'))).status, 401);
});

test('the HTTPS listener shows the certificate of the key store', async () => {
  const { port } = new URL(microgateway.https);
  const socket = connect({ host: 'localhost', port: Number(port), rejectUnauthorized: false });
  await new Promise((resolve, reject) => socket.on('secureConnect', resolve).on('error', reject));
  assert.equal(socket.getPeerX509Certificate()?.subject, 'O=Test\nCN=listener');
  socket.destroy();
});

test('healthy by /health, and the token listener has nothing else', async () => {
  assert.deepEqual((await call(`${microgateway.http}/health`)).json(), { status: 'healthy' });
  assert.equal((await call(`${microgateway.token}/shop/1.0.0/public`)).status, 404);
});

test('`gateway ARTIFACT --key=value` and `gateway -e key=value ARTIFACT` are the same', async () => {
  for (const around of [
    [artifact, '--b7a.log.level=ERROR'],
    ['-e', 'b7a.log.level=ERROR', artifact],
  ]) {
    const other = await startMicrogateway({
      command: 'gateway',
      args: [...around, '--data', join(work.path, 'data-2'), '--jwtTokenConfig.jwksURL=https://127.0.0.1:1'],
      env: { orders_prod_endpoint_0: backend.url },
    });
    assert.equal((await call(`${other.http}/shop/1.0.0/public`)).json().url, '/public');
    assert.equal(await other.stop(), 0);
  }
});

test('SIGTERM lets a request in flight finish, then exit 0', async () => {
  const asked = Promise.withResolvers<() => void>();
  const slow = await startBackend((_request, response) => asked.resolve(() => response.end('late')));
  const other = await startMicrogateway({
    args: [artifact, '--data', join(work.path, 'data-3'), `--orders_prod_endpoint_0=${slow.url}`],
  });
  const answer = call(`${other.http}/shop/1.0.0/public`);
  const answerNow = await asked.promise;
  const stopped = other.stop();
  answerNow();
  assert.equal((await answer).body, 'late');
  assert.equal(await stopped, 0);
  await slow.close();
});

test('200 though nobody reads standard output and standard error any more, then exit 0', async () => {
  const port = await freePort('127.0.0.1');
  const child = spawn(process.execPath, [
    fileURLToPath(new URL('../../bin/postern', import.meta.url)),
    ...['run', artifact, '--data', join(work.path, 'data-5'), `--orders_prod_endpoint_0=${backend.url}`],
    ...['httpsPort', 'tokenListenerPort'].map((name) => `--listenerConfig.${name}=0`),
    ...[`--listenerConfig.httpPort=${port}`, '--gateway.adminPort=0', '--http2.enable=false'],
  ]);
  const ended = new Promise((resolve) => child.on('exit', resolve));
  child.stdout.destroy();
  child.stderr.destroy();
  let answered = 0;
  for (let asked = 0; answered < 20 && child.exitCode === null; asked++) {
    assert.ok(asked < 10_000, 'it never listened');
    const status = await call(`http://127.0.0.1:${port}/shop/1.0.0/public`, { fresh: true }).then(
      (answer) => answer.status,
      () => null,
    );
    if (status === 200) answered++;
    else await new Promise((resolve) => setTimeout(resolve, 20));
  }
  child.kill('SIGTERM');
  assert.equal(await ended, 0);
  assert.equal(answered, 20);
});

test('an isolated microgateway whose APIs take no tokens looks for no key manager', async () => {
  const content = definition.replace('/items:\n    get:', '/items:\n    get:\n      x-wso2-disable-security: true');
  const other = await startMicrogateway({
    args: [
      await buildArtifact(work.path, 'users-only', content),
      ...['--data', join(work.path, 'data-6'), `--orders_prod_endpoint_0=${backend.url}`],
    ],
  });
  assert.equal((await call(`${other.http}/shop/1.0.0/items`)).status, 200);
  assert.equal((await call(`${other.http}/shop/1.0.0/staff`)).status, 401);
  assert.equal(await other.stop(), 0);
  assert.doesNotMatch(other.log(), /jwks/);
});

describe('refused, with nothing changed on disk', () => {
  const data = join(work.path, 'never');
  const cases: [what: string, status: number, args: () => string[], problem: RegExp][] = [
    ['a wrong value', 2, () => [artifact, '--listenerConfig.httpPort=70000'], /httpPort: expected an integer from 0/],
    ['an unknown option', 2, () => [artifact, '--listnerConfig.httpPort=1'], /did you mean --listenerConfig\.httpPort/],
    [
      'no such endpoint',
      2,
      () => [artifact, '--oders_prod_endpoint_0=http://x'],
      /no such endpoint; expected .*orders/,
    ],
    ['no such artifact', 2, () => ['none.postern'], /none\.postern: there is no such file/],
    [
      'no such file',
      2,
      () => [artifact, '--config', join(work.path, 'none.conf')],
      /none\.conf: there is no such file/,
    ],
    [
      'a broker',
      2,
      () => [artifact, '--tokenRevocationConfig.realtime.enableRealtimeMessageRetrieval=true'],
      /message brokers are not built yet/,
    ],
    [
      'a trust store that is none',
      2,
      () => [artifact, `--listenerConfig.trustStorePath=${artifact}`],
      /--listenerConfig\.trustStorePath: .*expected PEM, PKCS#12, JKS/,
    ],
    ['nothing to run', 2, () => [], /missing required argument 'artifact'/],
  ];
  for (const [what, status, args, problem] of cases) {
    test(what, async () => {
      const ended = await runCommand('postern', ['run', ...args(), '--data', data]);
      assert.equal(ended.status, status, ended.err);
      assert.match(ended.err, problem);
      assert.doesNotMatch(ended.err, /unexpected failure/);
      assert.equal(existsSync(data), false);
    });
  }
});

test('an admin port in use is left to who has it, unless it was chosen', async () => {
  const taken = createServer();
  await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve));
  const { port } = taken.address() as { port: number };
  const chosen = await runCommand('postern', [
    ...['run', artifact, '--data', join(work.path, 'data-4'), `--gateway.adminPort=${port}`],
    ...['httpPort', 'httpsPort', 'tokenListenerPort'].map((name) => `--listenerConfig.${name}=0`),
    `--orders_prod_endpoint_0=${backend.url}`,
  ]);
  assert.equal(chosen.status, 1, chosen.out);
  assert.match(chosen.err, new RegExp(`port ${port} .*in use.*gateway\\.adminPort`));
  taken.close();
});
