import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import tls from 'node:tls';
import { promisify } from 'node:util';
import { openCertificates } from './certificates.ts';
import { ManualClock } from './clock.ts';
import { OperatorError } from './operator-error.ts';

function folder(t: TestContext): string {
  const dir = mkdtempSync(join(tmpdir(), 'postern-certificates-'));
  t.after(() => rmSync(dir, { recursive: true, force: true }));
  return join(dir, 'certificates');
}

test('makes an authority, a server certificate for every host and a gateway certificate, for the owner only', async (t) => {
  const dir = folder(t);
  const made = await openCertificates(dir, { hosts: ['Api.Example.com', '[2001:db8::7]', '10.1.2.3', '0.0.0.0'] });
  const server = new X509Certificate(made.server.cert);
  assert.deepEqual(server.subjectAltName?.split(', '), [
    'DNS:localhost',
    'IP Address:127.0.0.1',
    'IP Address:0:0:0:0:0:0:0:1',
    'DNS:api.example.com',
    'IP Address:2001:DB8:0:0:0:0:0:7',
    'IP Address:10.1.2.3',
  ]);
  assert.ok(new X509Certificate(made.gateway.cert).verify(new X509Certificate(made.ca).publicKey));
  assert.equal(statSync(dir).mode & 0o777, 0o700);
  assert.deepEqual(readdirSync(dir).sort(), ['ca.key', 'ca.pem', 'gateway.pem', 'server.pem']);
  assert.doesNotMatch(readFileSync(join(dir, 'ca.pem'), 'utf8'), /KEY/);
  for (const file of readdirSync(dir)) assert.equal(statSync(join(dir, file)).mode & 0o777, 0o600);
});

test('TLS clients that trust the authority accept the server, and the server the gateway', async (t) => {
  const made = await openCertificates(folder(t));
  const server = tls.createServer({ ...made.server, ca: made.ca, requestCert: true, rejectUnauthorized: false });
  t.after(() => server.close());
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const port = (server.address() as AddressInfo).port;
  for (const name of ['localhost', '127.0.0.1']) {
    const accepted = once(server, 'secureConnection') as Promise<[tls.TLSSocket]>;
    const client = tls.connect({
      host: '127.0.0.1',
      port,
      servername: name === 'localhost' ? name : '',
      ca: made.ca,
      ...made.gateway,
    });
    await once(client, 'secureConnect');
    const [socket] = await accepted;
    assert.equal(socket.authorized, true);
    assert.equal(socket.getPeerCertificate().subject.OU, 'gateway');
    client.destroy();
  }
  // A server's certificate is none for clients.
  const accepted = once(server, 'secureConnection') as Promise<[tls.TLSSocket]>;
  const client = tls.connect({ host: '127.0.0.1', port, servername: '', ca: made.ca, ...made.server });
  const [socket] = await accepted;
  assert.equal(socket.authorized, false);
  assert.equal(String(socket.authorizationError), 'INVALID_PURPOSE');
  client.destroy();
});

test('openssl finds the certificates well formed', async (t) => {
  const run = promisify(execFile);
  const openssl = await run('openssl', ['version']).catch(() => null);
  if (!openssl) return t.skip('needs openssl');
  const dir = folder(t);
  await openCertificates(dir);
  const file = (name: string) => join(dir, name);
  for (const [name, purpose] of [
    ['server.pem', 'sslserver'],
    ['gateway.pem', 'sslclient'],
  ] as const) {
    const arguments_ = ['verify', '-x509_strict', '-purpose', purpose, '-CAfile', file('ca.pem'), file(name)];
    assert.match((await run('openssl', arguments_)).stdout, /OK/);
  }
});

test('a later start finds the same certificates', async (t) => {
  const dir = folder(t);
  assert.deepEqual(await openCertificates(dir), await openCertificates(dir));
});

test('several processes at first start get one authority and certificates that belong to it', async (t) => {
  const dir = folder(t);
  const script = `import { openCertificates } from ${JSON.stringify(new URL('./certificates.ts', import.meta.url).href)};
    console.log(JSON.stringify(await openCertificates(${JSON.stringify(dir)})));`;
  const run = promisify(execFile);
  const all = await Promise.all(
    [1, 2, 3, 4].map(() => run(process.execPath, ['--input-type=module', '--eval', script])),
  );
  const found = all.map(({ stdout }) => JSON.parse(stdout) as Awaited<ReturnType<typeof openCertificates>>);
  for (const one of found) assert.deepEqual(one, found[0]);
  assert.deepEqual(await openCertificates(dir), found[0]);
});

test('the server certificate is made anew for a new host and before it expires; the rest stays', async (t) => {
  const dir = folder(t);
  const clock = new ManualClock(Date.UTC(2030, 0, 1));
  const first = await openCertificates(dir, { clock });
  const second = await openCertificates(dir, { clock, hosts: ['gw.example'] });
  assert.notEqual(second.server.cert, first.server.cert);
  assert.ok(new X509Certificate(second.server.cert).checkHost('gw.example'));
  assert.equal(second.ca, first.ca);
  assert.equal(second.gateway.cert, first.gateway.cert);
  clock.advance(734 * 86_400_000);
  assert.deepEqual(await openCertificates(dir, { clock }), second);
  clock.advance(2 * 86_400_000);
  const third = await openCertificates(dir, { clock });
  assert.notEqual(third.server.cert, second.server.cert);
  assert.notEqual(third.gateway.cert, second.gateway.cert);
  assert.equal(third.ca, first.ca);
});

test('certificates that are torn, mixed up or of another authority are made anew', async (t) => {
  const dir = folder(t);
  const first = await openCertificates(dir);
  const other = await openCertificates(folder(t));
  for (const damage of [
    '',
    first.server.cert,
    first.server.cert.slice(0, 300),
    first.server.cert + first.gateway.key,
    other.server.cert + other.server.key,
  ]) {
    writeFileSync(join(dir, 'server.pem'), damage);
    const again = await openCertificates(dir);
    const made = new X509Certificate(again.server.cert);
    assert.ok(made.verify(new X509Certificate(first.ca).publicKey));
    assert.equal(readFileSync(join(dir, 'server.pem'), 'utf8'), again.server.cert + again.server.key);
  }
});

test('an authority that is gone or damaged is never replaced while certificates depend on it', async (t) => {
  const dir = folder(t);
  await openCertificates(dir);
  const before = readFileSync(join(dir, 'server.pem'), 'utf8');
  writeFileSync(join(dir, 'ca.pem'), 'nonsense');
  await assert.rejects(openCertificates(dir), /ca\.pem is not a PEM certificate; restore it/);
  rmSync(join(dir, 'ca.pem'));
  await assert.rejects(openCertificates(dir), /ca\.pem is missing, but server\.pem was issued by it/);
  assert.equal(readFileSync(join(dir, 'server.pem'), 'utf8'), before);
});

test('a ca.pem that has the key too is split at the next start, also after a crash in between', async (t) => {
  const dir = folder(t);
  const first = await openCertificates(dir);
  const key = readFileSync(join(dir, 'ca.key'), 'utf8');
  for (const crashed of [false, true]) {
    writeFileSync(join(dir, 'ca.pem'), first.ca + key);
    if (!crashed) rmSync(join(dir, 'ca.key'));
    assert.deepEqual(await openCertificates(dir), first);
    assert.equal(readFileSync(join(dir, 'ca.pem'), 'utf8'), first.ca);
    assert.equal(readFileSync(join(dir, 'ca.key'), 'utf8'), key);
    assert.equal(statSync(join(dir, 'ca.key')).mode & 0o777, 0o600);
  }
});

test('a first start that crashed before the certificate of the authority goes on with its key', async (t) => {
  const dir = folder(t);
  const first = await openCertificates(dir);
  const key = readFileSync(join(dir, 'ca.key'), 'utf8');
  for (const name of ['ca.pem', 'gateway.pem', 'server.pem']) rmSync(join(dir, name));
  const again = await openCertificates(dir);
  assert.notEqual(again.ca, first.ca);
  assert.equal(readFileSync(join(dir, 'ca.key'), 'utf8'), key);
  assert.ok(new X509Certificate(again.server.cert).verify(new X509Certificate(again.ca).publicKey));
});

test('without ca.key what was issued works until it expires, and what has to be issued is an error', async (t) => {
  const dir = folder(t);
  const clock = new ManualClock(Date.UTC(2030, 0, 1));
  const first = await openCertificates(dir, { clock });
  const key = readFileSync(join(dir, 'ca.key'), 'utf8');
  rmSync(join(dir, 'ca.key'));
  assert.deepEqual(await openCertificates(dir, { clock }), first);
  await assert.rejects(
    openCertificates(dir, { clock, hosts: ['gw.example'] }),
    /server\.pem is not for gw\.example, and nothing can be issued without .*ca\.key; bring a server\.pem that/,
  );
  // Too near its end to be kept where it can be renewed.
  clock.advance(800 * 86_400_000);
  assert.deepEqual(await openCertificates(dir, { clock }), first);
  clock.advance(26 * 86_400_000);
  await assert.rejects(openCertificates(dir, { clock }), /server\.pem expires on 2032-.*, and nothing can be issued/);
  rmSync(join(dir, 'server.pem'));
  rmSync(join(dir, 'gateway.pem'));
  await assert.rejects(openCertificates(dir, { clock }), (error: Error) => {
    assert.ok(error instanceof OperatorError);
    assert.match(error.message, /server\.pem is missing, and nothing can be issued/);
    return true;
  });
  assert.deepEqual(readdirSync(dir), ['ca.pem']);
  writeFileSync(join(dir, 'ca.key'), key);
  assert.equal((await openCertificates(dir, { clock })).ca, first.ca);
});

test('an enrolled gateway has a server certificate that is its own issuer, and that nobody takes for one of the authority', async (t) => {
  const dir = folder(t);
  const clock = new ManualClock(Date.UTC(2030, 0, 1));
  const { gateway } = await openCertificates(dir, { clock });
  rmSync(join(dir, 'ca.key'));
  rmSync(join(dir, 'server.pem'));
  const options = { clock, selfSigned: true, hosts: ['gw.example'] };
  const made = await openCertificates(dir, options);
  const server = new X509Certificate(made.server.cert);
  assert.equal(server.issuer, server.subject);
  assert.ok(server.verify(server.publicKey));
  assert.equal(server.verify(new X509Certificate(made.ca).publicKey), false);
  assert.equal(server.checkHost('gw.example'), 'gw.example');
  assert.deepEqual(made.gateway, gateway);
  assert.deepEqual(await openCertificates(dir, options), made, 'a later start finds the same');
  assert.notEqual(
    (await openCertificates(dir, { ...options, hosts: ['other.example'] })).server.cert,
    made.server.cert,
  );
  await assert.rejects(openCertificates(dir, { clock }), /server\.pem was issued by another authority/);
});

test('a server certificate of the operator makes ours unnecessary', async (t) => {
  const dir = folder(t);
  const first = await openCertificates(dir);
  rmSync(join(dir, 'ca.key'));
  rmSync(join(dir, 'server.pem'));
  const own = (await openCertificates(folder(t))).server;
  assert.deepEqual(await openCertificates(dir, { server: own, hosts: ['gw.example'] }), { ...first, server: own });
});

test('a ca.key of another authority is an error that names it, and nothing is given up for it', async (t) => {
  const dir = folder(t);
  const first = await openCertificates(dir);
  const other = folder(t);
  await openCertificates(other);
  const key = readFileSync(join(dir, 'ca.key'), 'utf8');
  const foreign = readFileSync(join(other, 'ca.key'), 'utf8');
  for (const [pem, ours] of [
    [first.ca, foreign],
    [first.ca, 'nonsense'],
    [first.ca + key, foreign],
  ] as const) {
    writeFileSync(join(dir, 'ca.pem'), pem);
    writeFileSync(join(dir, 'ca.key'), ours);
    await assert.rejects(openCertificates(dir), /ca\.key is not the private key \(PEM\) of the certificate in ca\.pem/);
    assert.equal(readFileSync(join(dir, 'ca.pem'), 'utf8'), pem);
  }
  writeFileSync(join(dir, 'ca.pem'), first.ca + foreign);
  await assert.rejects(openCertificates(dir), /ca\.pem has a key of another certificate; restore it/);
});

test('a folder that cannot be made is an error that names it', async (t) => {
  const dir = folder(t);
  mkdirSync(join(dir, '..'), { recursive: true });
  writeFileSync(dir, 'a file');
  await assert.rejects(openCertificates(dir), (error: Error) =>
    error.message.startsWith(`the certificates in ${dir} can't be opened`),
  );
});
