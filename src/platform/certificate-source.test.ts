import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { chmodSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { minutes, testAuthority } from '../../test/support/client-certificate.ts';
import { type CertificateSource, certificateFiles, unusablePair, watchCertificate } from './certificate-source.ts';
import { type CertificateAndKey, openCertificates } from './certificates.ts';
import { ManualClock } from './clock.ts';
import type { Log } from './log.ts';

const day = 86_400_000;
const authority = await testAuthority('Authority');
const names = ['one', 'two', 'three'];
const notAfter = minutes(90 * 24 * 60);
const [one, two, three] = (await Promise.all(names.map((name) => authority.issue(name, { notAfter })))) as [
  CertificateAndKey,
  CertificateAndKey,
  CertificateAndKey,
];

/** Writes each into its file; keeps what was said and what came of it. */
function watched(t: TestContext, clock = new ManualClock(Date.now())) {
  const dir = mkdtempSync(join(tmpdir(), 'postern-source-'));
  const write = (name: 'cert' | 'key', text: string): void => writeFileSync(join(dir, name), text);
  write('cert', one.cert);
  write('key', one.key);
  const said: string[] = [];
  const waiting: (() => void)[] = [];
  const note = (line: string): void => {
    said.push(line);
    for (const resolve of waiting.splice(0)) resolve();
  };
  const say = (level: string) => (fields: { reason?: string }, message: string) =>
    note(`${level}: ${message}${fields.reason ? ` (${fields.reason})` : ''}`);
  const log = { info: say('info'), warn: say('warn'), error: say('error') } as unknown as Log;
  let inUse = one;
  const watch = (
    source: CertificateSource = certificateFiles(join(dir, 'cert'), join(dir, 'key')),
    first = one,
  ): void => {
    const stop = watchCertificate(source, first, { clock, log, interval: 5 }, (next) => {
      inUse = next;
    });
    t.after(() => {
      stop();
      rmSync(dir, { recursive: true, force: true });
    });
  };
  /** Waits for so many lines. */
  const lines = async (count: number): Promise<readonly string[]> => {
    while (said.length < count) await new Promise<void>((resolve) => waiting.push(resolve));
    return said;
  };
  return { clock, dir, write, watch, lines, said, inUse: () => inUse };
}

const changed = 'info: the certificate has changed: new handshakes have it';
const kept = 'error: the certificate can not be taken from its files; the one before stays in use';

test('a new pair is used; one of which the other half is still missing is not, and is said once', async (t) => {
  const { write, watch, lines, inUse } = watched(t);
  watch();
  write('cert', two.cert);
  assert.deepEqual(await lines(1), [`${kept} (has a private key of another certificate)`]);
  assert.equal(inUse(), one);
  write('key', two.key);
  assert.equal((await lines(2))[1], changed);
  assert.deepEqual(inUse(), two);
  write('key', three.key.slice(0, 100));
  assert.equal((await lines(3))[2], `${kept} (has no private key in PEM without a password)`);
  write('cert', three.cert);
  await lines(4);
  write('key', three.key);
  assert.equal((await lines(5))[4], changed);
  assert.deepEqual(inUse(), three);
});

test('a certificate that is over, or that is gone, does not take the place of a good one', async (t) => {
  const { write, watch, lines, inUse, dir } = watched(t);
  const over = await authority.issue('over', { notBefore: minutes(-60), notAfter: minutes(-1) });
  watch();
  write('key', over.key);
  await lines(1);
  write('cert', over.cert);
  assert.match((await lines(2))[1] ?? '', /\(expires on 20.*\)$/);
  rmSync(join(dir, 'cert'));
  assert.match((await lines(3))[2] ?? '', /cert: there is no such file\)$/);
  assert.equal(inUse(), one);
});

test('a file that can not even be looked at is said, and the certificate stays', async (t) => {
  const { watch, write, lines, dir, inUse } = watched(t);
  watch();
  const cert = join(dir, 'cert');
  rmSync(cert);
  symlinkSync(cert, cert);
  // There may have been a look in between.
  while (!/too many/.test((await lines(1)).at(-1) ?? '')) await new Promise((resolve) => setTimeout(resolve, 5));
  assert.equal(inUse(), one);
  rmSync(cert);
  write('key', two.key);
  write('cert', two.cert);
  while ((await lines(1)).at(-1) !== changed) await new Promise((resolve) => setTimeout(resolve, 5));
  assert.deepEqual(inUse(), two);
});

test('a file that could not be read is, once somebody has made it readable', async (t) => {
  const { watch, write, lines, dir, inUse } = watched(t);
  let isReadable = false;
  const read = async () => {
    if (!isReadable) throw new Error('permission denied');
    return two;
  };
  watch({ files: [join(dir, 'cert')], read });
  write('cert', two.cert);
  assert.deepEqual(await lines(1), [`${kept} (permission denied)`]);
  isReadable = true;
  chmodSync(join(dir, 'cert'), 0o604);
  assert.equal((await lines(2))[1], changed);
  assert.deepEqual(inUse(), two);
});

test('one that is not valid yet is used when it is, and meanwhile spoken of once', async (t) => {
  const { watch, write, lines, clock, dir, inUse } = watched(t);
  const coming = await authority.issue('coming', { notBefore: minutes(3), notAfter });
  const { promise: readTwice, resolve } = Promise.withResolvers<void>();
  let reads = 0;
  const read = async () => {
    if (++reads === 2) resolve();
    return coming;
  };
  watch({ files: [join(dir, 'cert')], read });
  write('cert', coming.cert);
  assert.match((await lines(1))[0] ?? '', /\(is valid only from 20.*\)$/);
  assert.equal(inUse(), one);
  clock.advance(60_000);
  await readTwice;
  clock.advance(3 * 60_000);
  assert.equal((await lines(2))[1], changed);
  assert.equal(inUse(), coming);
});

test('one that expires soon, or is over, is a line a day', async (t) => {
  const { watch, write, lines, clock } = watched(t);
  const soon = await authority.issue('soon', { notAfter: minutes(20 * 60) });
  write('cert', soon.cert);
  write('key', soon.key);
  watch(undefined, soon);
  assert.deepEqual(await lines(1), ['warn: the certificate expires soon']);
  clock.advance(day / 2);
  // Something else that it looks at in the meantime.
  write('key', two.key);
  assert.match((await lines(2))[1] ?? '', /another certificate/);
  write('key', soon.key);
  clock.advance(day / 2);
  assert.equal((await lines(3))[2], 'warn: the certificate is over');
});

test('the certificate of a data folder is made anew while the process runs, when it is time', async (t) => {
  const clock = new ManualClock(Date.now());
  const { watch, lines, inUse, dir } = watched(t, clock);
  const folder = join(dir, 'certificates');
  const making = { hosts: ['api.example'], clock };
  const { server } = await openCertificates(folder, making);
  const files = [join(folder, 'server.pem')];
  watch({ files, read: async () => (await openCertificates(folder, making)).server }, server);
  // At 825 days it is over.
  clock.advance(740 * day);
  assert.deepEqual(await lines(1), [changed]);
  const renewed = new X509Certificate(inUse().cert);
  assert.ok(renewed.validToDate.getTime() > clock.now() + 800 * day);
  assert.equal(renewed.checkHost('api.example'), 'api.example');
});

test('what is no certificate, and what no key belongs to, is told apart', async () => {
  assert.equal(unusablePair(one), null);
  assert.equal(unusablePair({ cert: one.cert + authority.cert, key: one.key }), null);
  assert.match(unusablePair({ cert: 'x', key: one.key }) ?? '', /no certificate/);
  assert.match(unusablePair({ cert: one.cert, key: 'x' }) ?? '', /no private key/);
  assert.match(unusablePair({ cert: one.cert, key: two.key }) ?? '', /another certificate/);
  assert.match(
    unusablePair({ cert: `${one.cert}-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n`, key: one.key }) ??
      '',
    /TLS/,
  );
});

test('a folder, and a file that is not there, are named', async () => {
  await assert.rejects(certificateFiles(tmpdir(), 'key').read(), {
    message: `${tmpdir()}: is a folder; expected a file`,
  });
  await assert.rejects(certificateFiles('no-such', 'key').read(), { message: 'no-such: there is no such file' });
});
