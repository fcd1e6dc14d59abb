/** Client certificates at a microgateway: those that its configuration lists, also through an nginx where TLS ends. */
import assert from 'node:assert/strict';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { renameSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { connect } from 'node:tls';
import { freePort } from '../../src/platform/ports.ts';
import { type Backend, startBackend } from '../support/backend.ts';
import { testAuthority } from '../support/client-certificate.ts';
import { curl } from '../support/curl.ts';
import {
  buildArtifact,
  type Microgateway,
  newWorkFolder,
  runCommand,
  startMicrogateway,
} from '../support/microgateway.ts';
import { missing } from '../support/servers.ts';
import { run, untilListening } from '../wire/back-ends.ts';

const definition = `
openapi: 3.0.1
info: { title: Vault, version: 1.0.0 }
x-wso2-basePath: /vault/1.0.0
x-wso2-endpoints:
  - gold: { urls: [http://127.0.0.1:1/nowhere] }
x-wso2-production-endpoints: '#/x-wso2-endpoints/gold'
x-wso2-mutual-ssl: mandatory
x-wso2-application-security: { security-types: [oauth2], optional: true }
paths:
  /x:
    get: { responses: { '200': { description: gold } } }
`;

const skip = missing('curl');
const work = newWorkFolder();
let backend: Backend;
let artifact: string;
let microgateway: Microgateway;
let proxy: ChildProcess | undefined;

before(async () => {
  backend = await startBackend();
  artifact = await buildArtifact(work.path, 'vault', definition);
  const [stranger, partners] = await Promise.all([testAuthority('Stranger'), testAuthority('Partners')]);
  for (const [name, authority] of [
    ['ann', stranger],
    ['eve', stranger],
    ['partner', partners],
  ] as const) {
    const { cert, key } = await authority.issue(name);
    work.file(`${name}.pem`, cert + key);
    if (name === 'ann') work.file('conf/trusted/Ann.pem', cert);
  }
  work.file('conf/trusted/partners.pem', partners.cert);
  await listenBy('first');
  work.file(
    'conf/micro-gw.conf',
    `
[listenerConfig]
keyStorePath = "listener.pem"
trustStorePath = "trusted"
[[mutualSSLConfig.api.certificates]]
name = "Vault"
version = "1.0.0"
aliasList = ["ann", "partners"]
[[mutualSSLConfig.api.certificates]]
name = "Other"
version = "2"
aliasList = ["ann"]
[gateway.clientCertificate]
trustedProxies = ["127.0.0.9"]
`,
  );
  microgateway = await startMicrogateway({
    args: [artifact, '--data', join(work.path, 'data'), `--gold_prod_endpoint_0=${backend.url}`, '--gateway.threads=2'],
    folder: work.path,
  });
});
after(async () => {
  if (proxy && proxy.exitCode === null) {
    proxy.kill('SIGTERM');
    await once(proxy, 'exit');
  }
  await microgateway?.stop();
  await backend?.close();
  work.remove();
});

/** Puts a key store with a certificate of this name in the place of the one that is there. */
async function listenBy(name: string): Promise<void> {
  const { cert, key } = await (await testAuthority('Server')).issue(name, { purpose: 'server' });
  renameSync(work.file('conf/new.pem', cert + key), join(work.path, 'conf/listener.pem'));
}

const ask = async (origin: string, name: string | null, more = ''): Promise<string> => {
  const pem = name === null ? '' : `--cert ${join(work.path, `${name}.pem`)}`;
  const { status, body } = await curl(`curl -k ${pem} ${more} ${origin}/vault/1.0.0/x`);
  return status === 200 ? '200' : `${status}/${JSON.parse(body).fault.code}`;
};

test('200 with a certificate that is listed, or of an authority that is; 401/900911 with others', {
  skip,
}, async () => {
  for (const [name, outcome] of [
    ['ann', '200'],
    ['partner', '200'],
    ['eve', '401/900911'],
    [null, '401/900911'],
  ] as const) {
    assert.equal(await ask(microgateway.https, name), outcome, String(name));
  }
  assert.match(microgateway.log(), /micro-gw\.conf:\d+: .*name: the artifact has no API Other 2/);
});

test('200 with the certificate that nginx passes on, which no client can say by itself', {
  skip: skip || missing('nginx'),
}, async () => {
  const port = await startNginx();
  const proxied = `https://localhost:${port}`;
  assert.equal(await ask(proxied, 'ann'), '200');
  assert.equal(await ask(proxied, 'partner'), '200');
  assert.equal(await ask(proxied, 'eve'), '401/900911');
  assert.equal(await ask(proxied, null), '401/900911');
  const said = `-H "X-WSO2-CLIENT-CERTIFICATE: $(grep -v -- - ${work.path}/conf/trusted/Ann.pem | tr -d '\\n')"`;
  assert.equal(await ask(proxied, null, said), '401/900911');
  assert.equal(await ask(microgateway.http, null, said), '401/900911');
  assert.equal(await ask(microgateway.http, null, `--interface 127.0.0.9 ${said}`), '200');
});

test('an alias that the trust store does not have ends the start with 2; without any certificate a line warns', async () => {
  const args = ['run', artifact, '--data', join(work.path, 'other'), '--listenerConfig.httpPort=0'];
  work.file(
    'wrong.conf',
    '[[mutualSSLConfig.api.certificates]]\nname = "Vault"\nversion = "1.0.0"\naliasList = ["x"]\n',
  );
  const { status, err } = await runCommand('postern', [...args, '--config', join(work.path, 'wrong.conf')]);
  assert.equal(status, 2);
  assert.match(err, /wrong\.conf:4: .*no certificate "x": there is no trust store/);
  // An address that no machine has, so that it ends.
  work.file('none.conf', '[listenerConfig]\nhost = "203.0.113.1"\n');
  const none = await runCommand('postern', [
    ...args,
    '--config',
    join(work.path, 'none.conf'),
    `--gold_prod_endpoint_0=${backend.url}`,
  ]);
  assert.match(none.err, /the API Vault 1\.0\.0 needs client certificates, and .* lists none for it/);
});

test('a key store that has changed is used without a new start', async () => {
  const shown = async (): Promise<unknown> => {
    const { port } = new URL(microgateway.https);
    const socket = connect({ port: Number(port), host: '127.0.0.1', rejectUnauthorized: false });
    await once(socket, 'secureConnect');
    const { CN } = socket.getPeerCertificate().subject;
    socket.destroy();
    return CN;
  };
  assert.equal(await shown(), 'first');
  await listenBy('second');
  while ((await shown()) !== 'second') await new Promise((resolve) => setTimeout(resolve, 20));
});

/** As docs/request-path.md says. */
async function startNginx(): Promise<number> {
  const port = await freePort('127.0.0.1');
  const server = await (await testAuthority('Server')).issue('localhost', { purpose: 'server' });
  const pem = work.file('nginx/server.pem', server.cert + server.key);
  const at = (name: string): string => join(work.path, 'nginx', name);
  const folders = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((kind) => `${kind}_temp_path ${at(kind)};`);
  const file = work.file(
    'nginx/nginx.conf',
    `daemon off;
master_process off;
pid ${at('pid')};
error_log stderr crit;
events { worker_connections 64; }
http {
  access_log off;
  ${folders.join('\n  ')}
  server {
    listen 127.0.0.1:${port} ssl;
    ssl_certificate ${pem};
    ssl_certificate_key ${pem};
    ssl_verify_client optional_no_ca;
    location / {
      proxy_bind 127.0.0.9;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_set_header X-WSO2-CLIENT-CERTIFICATE $ssl_client_escaped_cert;
      proxy_pass ${microgateway.http.replace('localhost', '127.0.0.1')};
    }
  }
}
`,
  );
  proxy = run('nginx', ['-c', file, '-p', at('')]);
  await untilListening(proxy, port);
  return port;
}
