import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { it } from 'node:test';
import { obstacle } from '../programs.ts';
import { formLoad } from './form.ts';

it('each request has another number in its form', { skip: obstacle() ?? false, timeout: 30_000 }, async (t) => {
  let requests = 0;
  const forms = new Set<string>();
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    requests++;
    forms.add(Buffer.concat(chunks).toString());
    response.end('{}');
  }).listen(0, '127.0.0.1');
  t.after(() => server.close());
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  await formLoad({ url, authorization: 'Basic', form: 'scope=device_@', seconds: 1, connections: 4 });
  assert.ok(requests > 100, `${requests}`);
  assert.equal(forms.size, requests);
  for (const form of forms) assert.match(form, /^scope=device_\d{16}$/);
});
