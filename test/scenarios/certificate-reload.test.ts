/** The certificate of the listeners changes while everything runs: no connection is lost, on any thread. */
import assert from 'node:assert/strict';
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { connect, type TLSSocket } from 'node:tls';
import { generateKey, issueCertificate } from '../../src/platform/x509.ts';
import { call } from '../support/call.ts';
import { testAuthority } from '../support/client-certificate.ts';
import { shell } from '../support/curl.ts';
import { newDataFolder, type Postern, runPostern, startPostern } from '../support/postern.ts';
import { missing } from '../support/servers.ts';

const folder = newDataFolder();
const data = newDataFolder();
const authority = await testAuthority('Authority');
const certificate = join(folder, 'tls.crt');
const key = join(folder, 'tls.key');
let postern: Postern;

/** As certificate authorities' tools do it: one file after the other, each at once. */
async function put(name: string): Promise<void> {
  const pair = await authority.issue(name, { purpose: 'server', hosts: ['localhost', name] });
  for (const [file, text] of [
    [certificate, pair.cert + authority.cert],
    [key, pair.key],
  ] as const) {
    writeFileSync(`${file}.new`, text);
    renameSync(`${file}.new`, file);
  }
}

before(async () => {
  await put('first');
  postern = await startPostern({
    data,
    args: ['--gateway.threads=2', `--gateway.tls.certificate=${certificate}`, `--gateway.tls.key=${key}`],
  });
});
after(async () => {
  await postern?.stop();
  for (const dir of [folder, data]) rmSync(dir, { recursive: true, force: true });
});

interface Client {
  readonly name: string;
  readonly socket: TLSSocket;
  /** Status of a request on it. */
  ask(): Promise<string>;
}

async function open(origin: string, ca = authority.cert): Promise<Client> {
  const { port } = new URL(origin);
  const socket = connect({ host: '127.0.0.1', port: Number(port), ca, servername: 'localhost' });
  await once(socket, 'secureConnect');
  let text = '';
  socket.setEncoding('utf8').on('data', (piece: string) => void (text += piece));
  const { CN } = socket.getPeerCertificate().subject;
  return {
    name: String(CN),
    socket,
    async ask() {
      text = '';
      socket.write('GET /nothing HTTP/1.1\r\nHost: localhost\r\n\r\n');
      while (!/\r\n\r\n.*\}$/s.test(text)) await once(socket, 'data');
      return text.slice(9, 12);
    },
  };
}

/** Opens connections until each thread must have had some, and all of them show this name. */
async function becomes(name: string, origin = postern.https, ca?: string): Promise<void> {
  const from = performance.now();
  for (let right = 0; right < 20; ) {
    const client = await open(origin, ca);
    client.socket.destroy();
    right = client.name === name ? right + 1 : 0;
    assert.ok(performance.now() - from < 20_000, `still ${client.name}`);
  }
}

test('new handshakes show the new certificate on all threads, and connections go on', async () => {
  await becomes('first');
  const clients = await Promise.all(Array.from({ length: 10 }, () => open(postern.https)));
  await put('second');
  await becomes('second');
  for (const client of clients) {
    assert.equal(await client.ask(), '404');
    client.socket.destroy();
  }
});

test('openssl sees the new certificate with its chain', { skip: missing('openssl') }, async () => {
  const { host } = new URL(postern.https);
  const { out } = await shell(`openssl s_client -showcerts -connect ${host} < /dev/null`);
  assert.match(out, /^subject=.*CN ?= ?second$/m);
  assert.equal(out.match(/BEGIN CERTIFICATE/g)?.length, 2);
});

test('a pair that does not fit is refused with one line, and the one before is shown', async () => {
  const said = (): number => postern.log().split('the certificate can not be taken from its files').length - 1;
  const before = said();
  writeFileSync(key, (await authority.issue('other')).key);
  while (said() === before) await new Promise((resolve) => setTimeout(resolve, 20));
  await becomes('second');
  assert.equal(said(), before + 1);
  await put('third');
  await becomes('third');
});

test('no thread had to be replaced for it', async () => {
  const status = (await call(`${postern.admin}/status`)).json();
  assert.deepEqual(status.threads, { running: 2, replaced: 0 });
});

test('the listener of key manager and control plane takes a new server.pem of its authority', async () => {
  const at = (name: string): string => join(data, 'certificates', name);
  const ca = readFileSync(at('ca.pem'), 'utf8');
  const early = await open(postern.server, ca);
  const made = generateKey();
  const day = 86_400_000;
  const cert = await issueCertificate({
    subject: { organization: 'Postern', commonName: 'renewed' },
    publicKey: made.publicKey,
    issuer: { organization: 'Postern', commonName: 'Postern internal authority' },
    issuerKey: {
      privateKey: createPrivateKey(readFileSync(at('ca.key'), 'utf8')),
      publicKey: new X509Certificate(ca).publicKey,
    },
    notBefore: new Date(Date.now() - day),
    notAfter: new Date(Date.now() + 400 * day),
    purpose: 'server',
    hosts: ['localhost', '127.0.0.1', '::1'],
  });
  writeFileSync(at('new'), cert + made.privateKey.export({ type: 'pkcs8', format: 'pem' }));
  renameSync(at('new'), at('server.pem'));
  await becomes('renewed', postern.server, ca);
  assert.equal(await early.ask(), '404');
  early.socket.destroy();
});

test('files that are not there, or do not fit, end the start with 2 and a line; nothing is made on disk', async () => {
  const other = join(folder, 'other.key');
  writeFileSync(other, (await authority.issue('other')).key);
  for (const [file, words] of [
    [join(folder, 'none'), /gateway\.tls: .*none: there is no such file/],
    [other, /gateway\.tls: .*tls\.crt, .*other\.key: has a private key of another certificate/],
  ] as const) {
    const unused = join(folder, 'unused');
    const args = ['start', '--data', unused, `--gateway.tls.certificate=${certificate}`, `--gateway.tls.key=${file}`];
    const { status, err } = await runPostern(args);
    assert.equal(status, 2, err);
    assert.match(err, words);
    assert.equal(existsSync(unused), false);
  }
});
