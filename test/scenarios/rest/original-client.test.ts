/** A shell script as users of WSO2 API Manager have it, with curl alone, against a running Postern. */
import assert from 'node:assert/strict';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { type Backend, startBackend } from '../../support/backend.ts';
import { closeConnections } from '../../support/call.ts';
import { shell } from '../../support/curl.ts';
import { newDataFolder, type Postern, startPostern } from '../../support/postern.ts';

const folder = newDataFolder();
const script = fileURLToPath(new URL('original-client.sh', import.meta.url));
const definition = {
  openapi: '3.0.1',
  info: { title: 'LibraryAPI', version: '1.0.0' },
  paths: {
    '/books': { get: { responses: { '200': { description: 'OK' } } } },
    '/books/{isbn}': {
      get: {
        parameters: [{ name: 'isbn', in: 'path', required: true, schema: { type: 'string' } }],
        responses: { '200': { description: 'OK' } },
      },
    },
  },
};
let backend: Backend;
let postern: Postern;

before(async () => {
  backend = await startBackend();
  postern = await startPostern({ args: ['--gateway.threads=1'] });
  writeFileSync(join(folder, 'library.json'), JSON.stringify(definition));
});
after(async () => {
  closeConnections();
  await postern?.stop();
  await backend.close();
  rmSync(folder, { recursive: true, force: true });
});

test('registration, import, publish, keys, subscription, call, block, new version, deprecate, retire', async () => {
  const environment = [
    `SERVER=${postern.server}`,
    `GATEWAY=${postern.https}`,
    `BACKEND=${backend.url}`,
    `DEFINITION='${join(folder, 'library.json')}'`,
  ].join(' ');
  const { status, out, err } = await shell(`${environment} timeout 60 sh '${script}'`);
  assert.equal(status, 0, `${out}\n${err}`);
  assert.match(out, /^done$/m);
});
