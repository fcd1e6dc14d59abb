import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fetchDefinition } from './fetch-definition.ts';

const folder = mkdtempSync(join(tmpdir(), 'definitions-'));
const seen: IncomingMessage[] = [];
const answer = (port: () => number) =>
  createServer((request, response) => {
    seen.push(request);
    const path = request.url as string;
    if (path.startsWith('/here')) response.writeHead(302, { location: '/apis/sky%20map.yaml' });
    else if (path.startsWith('/away')) response.writeHead(302, { location: `http://localhost:${port()}/sky.json` });
    else if (path.startsWith('/file')) response.writeHead(302, { location: 'file:///etc/passwd' });
    else if (path.startsWith('/round')) response.writeHead(302, { location: '/round' });
    else if (path.startsWith('/none')) response.writeHead(404);
    response.end(path.startsWith('/long') ? 'x'.repeat(9 * 1024 * 1024) : '{"openapi": "3.0.0"}');
  });
const other = answer(() => 0);
const server = answer(() => (other.address() as AddressInfo).port);
let origin = '';

before(async () => {
  for (const one of [other, server]) await new Promise<void>((resolve) => one.listen(0, resolve));
  origin = `http://localhost:${(server.address() as AddressInfo).port}`;
});
after(() => {
  server.close();
  other.close();
  rmSync(folder, { recursive: true });
});

const plain = { headers: [], insecure: false };

test('from a file, under its own name; the ending by the content if it has none', async () => {
  const file = join(folder, 'sky');
  writeFileSync(file, 'openapi: 3.0.0');
  assert.deepEqual(await fetchDefinition({ ...plain, from: file }), { name: 'sky.yaml', text: 'openapi: 3.0.0' });
});

test('from an address that leads on: the header fields go along, but to no other origin', async () => {
  const headers = [['x-key', 'secret']] as const;
  seen.length = 0;
  const { name } = await fetchDefinition({ from: `${origin}/here?token=1`, headers, insecure: false });
  assert.equal(name, 'sky_map.yaml');
  assert.deepEqual(
    seen.map((request) => request.headers['x-key']),
    ['secret', 'secret'],
  );
  seen.length = 0;
  assert.equal((await fetchDefinition({ from: `${origin}/away`, headers, insecure: false })).name, 'sky.json');
  assert.deepEqual(
    seen.map((request) => request.headers['x-key']),
    ['secret', undefined],
  );
});

for (const [path, expected] of [
  ['/none', /answers 404/],
  ['/file', /leads to 'file:/],
  ['/round', /leads on more than 5 times/],
  ['/long', /longer than 8388608 bytes/],
] as const) {
  test(`from an address that is no good (${path}): refused with the reason, without its query`, async () => {
    await assert.rejects(fetchDefinition({ ...plain, from: `${origin}${path}?token=hidden` }), (error: Error) => {
      assert.match(error.message, expected);
      assert.doesNotMatch(error.message, /hidden/);
      return true;
    });
  });
}

test('from nowhere: refused with the reason', async () => {
  await assert.rejects(fetchDefinition({ ...plain, from: join(folder, 'no.yaml') }), /there is no such file/);
  await assert.rejects(fetchDefinition({ ...plain, from: folder }), /it is a folder/);
  await assert.rejects(fetchDefinition({ ...plain, from: 'http://127.0.0.1:1/x' }), /can't get the definition/);
});
