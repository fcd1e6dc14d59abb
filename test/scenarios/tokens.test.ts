/** The token endpoint under concurrency, by way of the gateway. */
import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { basic, call, closeConnections, postForm } from '../support/call.ts';
import { fillStore } from '../support/fill-store.ts';
import { newDataFolder, type Postern, startPostern } from '../support/postern.ts';

const data = newDataFolder();
let postern: Postern;
let opaque: { key: string; secret: string };

before(async () => {
  opaque = await fillStore(data, (fill) => fill.application('opaque', { tokenType: 'OPAQUE' }));
  postern = await startPostern({ data });
});
after(async () => {
  closeConnections();
  await postern?.stop();
  rmSync(data, { recursive: true, force: true });
});

test('200 simultaneous requests for the same opaque token get one token, all with 200', async () => {
  const credentials = basic(opaque.key, opaque.secret);
  const ask = () => postForm(`${postern.https}/token`, { grant_type: 'client_credentials' }, credentials);
  const answers = await Promise.all(Array.from({ length: 200 }, ask));
  assert.deepEqual([...new Set(answers.map((answer) => answer.status))], [200]);
  assert.equal(new Set(answers.map((answer) => answer.json().access_token)).size, 1);
});

test('a registered client gets a token at the key manager itself', async () => {
  const registered = await call(`${postern.server}/client-registration/v0.17/register`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: basic('admin', 'admin') },
    body: JSON.stringify({
      clientName: 'cli',
      owner: 'admin',
      grantType: 'password refresh_token',
      callbackUrl: '',
      saasApp: true,
    }),
  });
  assert.ok(registered.status === 200 || registered.status === 201, registered.body);
  const { clientId, clientSecret } = registered.json();
  const form = { grant_type: 'password', username: 'admin', password: 'admin' };
  const token = await postForm(`${postern.server}/oauth2/token`, form, basic(clientId, clientSecret));
  assert.equal(token.status, 200, token.body);
});
