/** Two key managers on one store, whose clocks, keys and names differ. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decodeJwt } from 'jose';
import {
  type AuthorizationServer,
  addSubscribedApplication,
  startAuthorizationServer,
} from '../../test/conformance/authorization-server.ts';
import { ManualClock } from '../platform/clock.ts';

const start = 1_700_000_000_000;

async function revocations({ store }: AuthorizationServer) {
  const rows = await store.db.selectFrom('entities').select('body').where('kind', '=', 'revocation').execute();
  return rows.map(({ body }) => JSON.parse(body));
}

test('200 for a JWT that another node signed with a key newer than this node means that it is revoked', async () => {
  await using here = await startAuthorizationServer({ options: { signingAlgorithm: 'ES256' } });
  const client = await addSubscribedApplication(here);
  const { folder, issuer } = here;
  await using there = await startAuthorizationServer({ folder, options: { signingAlgorithm: 'EdDSA', issuer } });
  const { access_token: jwt } = (await there.post('/oauth2/token', { grant_type: 'client_credentials' }, client)).json;
  assert.notEqual(await here.km.introspect(jwt), null);
  assert.equal((await here.post('/oauth2/revoke', { token: jwt }, client)).status, 200);
  assert.deepEqual(
    (await revocations(here)).map(({ value }) => value),
    [decodeJwt(jwt).jti],
  );
  assert.equal(await there.km.introspect(jwt), null);
});

for (const [what, ahead, named] of [
  ['ahead by less than a second', 300, true],
  ['ahead by more than a second', 1500, true],
  ['behind', -1500, true],
  ['right, but with a name of its own', 0, false],
] as const) {
  test(`400 when all of a user is revoked at one node while another, whose clock is ${what}, verifies his password`, async () => {
    const clock = new ManualClock(start + 850);
    await using here = await startAuthorizationServer({ clock });
    const { folder, issuer } = here;
    await using there = await startAuthorizationServer({
      folder,
      clock: new ManualClock(start + 850 + ahead),
      ...(named && { options: { issuer } }),
    });
    await here.km.users.create({ name: 'mary', password: 'marys', roles: [] });
    const client = await addSubscribedApplication(here);
    const began = Promise.withResolvers<void>();
    const users = there.km.users;
    const verify = users.verify.bind(users);
    users.verify = (...of) => {
      began.resolve();
      return verify(...of);
    };
    const logIn = there.post('/oauth2/token', { grant_type: 'password', username: 'mary', password: 'marys' }, client);
    await began.promise;
    await here.km.revoker.revokeSubject('mary@carbon.super');
    const { status, json } = await logIn;
    assert.deepEqual([status, json.error], [400, 'invalid_grant']);
  });
}

for (const form of ['JWT', 'OPAQUE'] as const) {
  test(`a token (${form}) that one node was asked about is no more from the moment on when another has revoked it`, async () => {
    await using here = await startAuthorizationServer();
    const client = await addSubscribedApplication(here, form);
    const { folder, issuer } = here;
    await using there = await startAuthorizationServer({ folder, options: { issuer } });
    const ask = async (server: AuthorizationServer) =>
      (await server.post('/oauth2/token', { grant_type: 'client_credentials' }, client)).json.access_token;
    const isActive = async (token: string) => (await there.post('/oauth2/introspect', { token }, client)).json.active;
    const token = await ask(here);
    assert.deepEqual([await isActive(token), await isActive(token)], [true, true]);
    await here.post('/oauth2/revoke', { token }, client);
    assert.equal(await isActive(token), false);
    const [next, again] = [await ask(there), await ask(here)];
    assert.notEqual(next, token);
    assert.equal(again === next, form === 'OPAQUE');
    assert.equal(await isActive(again), true);
  });
}
