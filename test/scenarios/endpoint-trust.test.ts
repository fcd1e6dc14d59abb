/** Back ends whose certificate nobody knows but who gave it to the API: it is believed there, and nowhere else. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { openCertificates } from '../../src/platform/certificates.ts';
import { call, closeConnections } from '../support/call.ts';
import { startTestGateway, type TestGateway, testApi, testResource } from '../support/gateway.ts';

const folder = mkdtempSync(join(tmpdir(), 'postern-test-'));
const resources = [testResource({ path: '/*', authType: 'None' })];
let backend: Server;
let gateway: TestGateway;

before(async () => {
  const stranger = await openCertificates(folder);
  backend = createServer({ cert: stranger.server.cert, key: stranger.server.key }, (_request, response) =>
    response.end('there'),
  );
  await new Promise<void>((resolve) => backend.listen(0, '127.0.0.1', resolve));
  const url = `https://localhost:${(backend.address() as AddressInfo).port}`;
  gateway = await startTestGateway({
    fixed: {
      entities: [
        testApi('known', '', { resources, endpoints: { production: { url, trust: [stranger.ca] } } }),
        testApi('unknown', '', { resources, endpoints: { production: { url } } }),
      ],
    },
  });
  await gateway.gateway.serving;
});
after(async () => {
  closeConnections();
  await gateway?.stop();
  backend.closeAllConnections();
  backend.close();
  rmSync(folder, { recursive: true, force: true });
});

test('200 from a back end whose certificate came with the API, 503 for an API that has not got it', async () => {
  for (let time = 0; time < 2; time++) {
    const unknown = await call(`${gateway.http}/unknown/1.0.0/x`);
    assert.deepEqual([unknown.status, unknown.json().fault.code], [503, 101503]);
    const known = await call(`${gateway.http}/known/1.0.0/x`);
    assert.deepEqual([known.status, known.body], [200, 'there']);
  }
});
