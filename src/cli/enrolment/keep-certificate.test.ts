import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { type TestContext, test } from 'node:test';
import { readCertificateRequest } from '../../platform/certificate-request.ts';
import { type CertificateAndKey, openCertificates } from '../../platform/certificates.ts';
import { ManualClock } from '../../platform/clock.ts';
import { openGatewayIssuer } from '../../platform/gateway-issuer.ts';
import { silentLog } from '../../platform/log.ts';
import { keepCertificate } from './keep-certificate.ts';

const day = 86_400_000;

/** A control plane that renews, once it is told to. */
async function controlPlane(t: TestContext, clock: ManualClock) {
  const dir = mkdtempSync(join(tmpdir(), 'postern-keep-'));
  const certificates = await openCertificates(dir, { clock });
  const issuer = await openGatewayIssuer(dir, clock);
  let refuses = false;
  let asked = 0;
  const server = createServer(certificates.server, async (request, response) => {
    asked += 1;
    if (refuses) return response.writeHead(503).end('{"description":"not now"}');
    const key = await readCertificateRequest(JSON.parse(await text(request)).request);
    assert.ok(key && issuer.issue);
    return response.end(JSON.stringify({ certificate: (await issuer.issue('edge', key)).cert }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => {
    server.close();
    rmSync(dir, { recursive: true, force: true });
  });
  const origin = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    options: { file: join(dir, 'gateway.pem'), ca: certificates.ca, origins: [origin], clock, log: silentLog },
    first: certificates.gateway,
    asked: () => asked,
    refuse: (yes: boolean) => {
      refuses = yes;
    },
  };
}

test('looked at once a day, every hour while nobody renews it, and each renewal is told', async (t) => {
  const clock = new ManualClock(Date.now());
  const { options, first, asked, refuse } = await controlPlane(t, clock);
  const renewals: CertificateAndKey[] = [];
  let told = Promise.withResolvers<void>();
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const end = keepCertificate(first, options, (certificate) => {
    renewals.push(certificate);
    told.resolve();
  });
  t.after(end);
  const tick = (by: number) => {
    clock.advance(by);
    t.mock.timers.tick(by);
  };
  /** What it does after a look is done when nothing is left to do. */
  const rest = async (until: () => boolean) => {
    while (!until()) await new Promise((resolve) => setImmediate(resolve));
    for (let turns = 0; turns < 50; turns++) await new Promise((resolve) => setImmediate(resolve));
  };
  tick(day);
  await rest(() => true);
  assert.equal(asked(), 0, 'there is time');

  refuse(true);
  clock.advance(800 * day);
  tick(day);
  await rest(() => asked() === 1);
  refuse(false);
  tick(day / 24);
  await told.promise;
  assert.equal(asked(), 2);
  const [next] = renewals;
  assert.equal(readFileSync(options.file, 'utf8'), `${next?.cert}${next?.key}`);

  told = Promise.withResolvers();
  await rest(() => true);
  clock.advance(340 * day);
  tick(day);
  await told.promise;
  assert.equal(renewals.length, 2, 'it goes on with the new one');
});
