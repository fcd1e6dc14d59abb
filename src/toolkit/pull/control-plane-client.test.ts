import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { openCertificates } from '../../platform/certificates.ts';
import { createLog } from '../../platform/log.ts';
import { ControlPlaneClient } from './control-plane-client.ts';

const folder = mkdtempSync(join(tmpdir(), 'pull-'));
let answer: readonly [status: number, body: string] = [200, ''];
let server: Server;
let serverUrl: string;

before(async () => {
  const log = createLog({ name: 'test', level: 'silent' });
  const { server: tls } = await openCertificates(folder, { hosts: ['localhost'], log });
  server = createServer(tls, (_request, response) => response.writeHead(answer[0]).end(answer[1]));
  await new Promise<void>((resolve) => server.listen(0, 'localhost', resolve));
  serverUrl = `https://localhost:${(server.address() as AddressInfo).port}`;
});
after(() => {
  server.close();
  rmSync(folder, { recursive: true });
});

const logIn = () =>
  ControlPlaneClient.logIn({ serverUrl, username: 'u', password: 'p', certificates: [], insecure: true });

for (const [status, body] of [
  [404, '<h1>Not Found</h1>'],
  [404, '{"fault":{"code":404}}'],
  [200, '<html>welcome</html>'],
  [302, ''],
] as const)
  test(`an address that answers ${status} with '${body}' is no control plane`, async () => {
    answer = [status, body];
    await assert.rejects(logIn(), {
      name: 'ProjectError',
      message: new RegExp(`^${serverUrl} is no control plane: .*answers ${status}.*--server-url`),
    });
  });

for (const [status, body, expected] of [
  [401, '<error/>', /answers 401 \(are user name and password right\?\)/],
  [503, '', /answers 503$/],
  [400, '{"error_description":"not so"}', /answers 400: not so/],
] as const)
  test(`one that answers ${status} can be one`, async () => {
    answer = [status, body];
    await assert.rejects(logIn(), { message: expected });
  });
