import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  addClient,
  addSubscribedApplication,
  startAuthorizationServer,
} from '../../../test/conformance/authorization-server.ts';
import { deleteClient } from '../../adapters/stores/clients.ts';

const form = { grant_type: 'client_credentials' };

async function rows({ store }: Awaited<ReturnType<typeof startAuthorizationServer>>) {
  return store.db.selectFrom('access_tokens').select(['scope', 'state']).execute();
}

for (const tokenType of ['JWT', 'OPAQUE'] as const) {
  test(`100 tokens (${tokenType}) of one moment are written by few statements, each with its row`, async () => {
    await using server = await startAuthorizationServer();
    const client = await addSubscribedApplication(server, tokenType);
    const scopes = Array.from({ length: 100 }, (_, at) => `device_${at}`);
    const answers = await Promise.all(scopes.map((scope) => server.post('/oauth2/token', { ...form, scope }, client)));
    assert.deepEqual(new Set(answers.map(({ status }) => status)), new Set([200]));
    const written = (await rows(server)).map(({ scope }) => scope.replace('am_application_scope ', '')).sort();
    assert.deepEqual(written, scopes.toSorted());
    const introspected = await Promise.all(
      answers.map(({ json }) => server.post('/oauth2/introspect', { token: json.access_token }, client)),
    );
    assert.ok(introspected.every(({ json }) => json.active));
  });

  test(`one of a moment (${tokenType}) that can not be written fails by itself`, async () => {
    await using server = await startAuthorizationServer();
    const one = await addSubscribedApplication(server, tokenType);
    const other = await addClient(server, { tokenType });
    const insert = server.store.transaction.bind(server.store);
    let deleted = false;
    // Deleted when both requests have been found good, and before anything is written for them.
    Object.assign(server.store, {
      async transaction(...of: Parameters<typeof insert>) {
        if (!deleted) {
          deleted = true;
          await insert((tx) => deleteClient(tx, other.consumerKey));
        }
        return insert(...of);
      },
    });
    const [good, bad] = await Promise.all([one, other].map((client) => server.post('/oauth2/token', form, client)));
    assert.equal(good?.status, 200);
    assert.notEqual(bad?.status, 200);
    assert.equal((await rows(server)).length, 1);
  });
}
