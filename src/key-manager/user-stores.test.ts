/** Users of several user stores at the token endpoint: whose tokens are whose, and until when. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { decodeJwt } from 'jose';
import {
  type Answer,
  type AuthorizationServer,
  addClient,
  startAuthorizationServer,
} from '../../test/conformance/authorization-server.ts';
import { Browser } from '../../test/support/browser.ts';
import type { ConsumerKey } from '../adapters/key-managers/built-in.ts';
import { openUserStores } from '../adapters/user-stores/open-user-stores.ts';
import { userStoreOptions } from '../adapters/user-stores/options.ts';
import { hashPassword } from '../adapters/user-stores/password.ts';
import { loadConfig } from '../platform/config/load.ts';
import { section } from '../platform/config/schema.ts';

const folder = mkdtempSync(join(tmpdir(), 'postern-users-'));
const file = join(folder, 'users.toml');
let hash: string;
let server: AuthorizationServer;
let client: ConsumerKey;

const write = (more = ''): void => writeFileSync(file, `[users.mary]\npassword = "${hash}"\n${more}\n`);

before(async () => {
  hash = await hashPassword('corp password');
  write();
  const { userStores } = loadConfig(section('', { userStores: userStoreOptions }), {
    flags: ['--userStores.CORP.kind=file', `--userStores.CORP.file=${file}`],
  });
  server = await startAuthorizationServer({ users: async (deps) => (await openUserStores(deps, userStores)).users });
  await server.km.users.create({ name: 'mary', password: 'own password', roles: [] });
  client = await addClient(server);
});
after(async () => {
  await server?.stop();
  rmSync(folder, { recursive: true });
});

const logIn = (username: string, password: string): Promise<Answer> =>
  server.post('/oauth2/token', { grant_type: 'password', username, password }, client);
const refresh = (token: string): Promise<Answer> =>
  server.post('/oauth2/token', { grant_type: 'refresh_token', refresh_token: token }, client);

test('two of the same name in two stores are two subjects; revoking all of one leaves the other’s', async () => {
  const own = await logIn('mary', 'own password');
  const corp = await logIn('CORP/mary', 'corp password');
  const found = await logIn('mary', 'corp password');
  assert.deepEqual(
    [own, corp, found].map(({ json }) => decodeJwt(json.access_token).sub),
    ['mary@carbon.super', 'CORP/mary@carbon.super', 'CORP/mary@carbon.super'],
  );
  assert.equal((await logIn('CORP/mary', 'own password')).json.error, 'invalid_grant');
  await server.km.revoker.revokeSubject('CORP/mary@carbon.super');
  assert.equal(await server.km.introspect(corp.json.access_token), null);
  assert.equal(await server.km.introspect(found.json.access_token), null);
  assert.notEqual(await server.km.introspect(own.json.access_token), null);
  assert.equal((await refresh(corp.json.refresh_token)).json.error, 'invalid_grant');
  assert.equal((await refresh(own.json.refresh_token)).status, 200);
});

test('400 invalid_grant at the next refresh and log-in of a user who was disabled in his store', async () => {
  const { json } = await logIn('CORP/mary', 'corp password');
  write('disabled = true');
  assert.equal((await refresh(json.refresh_token)).json.error, 'invalid_grant');
  assert.equal((await logIn('CORP/mary', 'corp password')).json.error, 'invalid_grant');
  write();
  assert.equal((await refresh(json.refresh_token)).status, 200, 'he is back, and nothing was revoked');
});

test('who is in a store that is only read is told where his password is, and offered no new one', async () => {
  const browser = new Browser(server.url);
  for (const [username, password, said] of [
    ['CORP/mary', 'corp password', /kept elsewhere: <strong>CORP<\/strong>/],
    ['PRIMARY/mary', 'own password', /name="old"/],
  ] as const) {
    await browser.go(`${server.url}/oauth2/account`);
    await browser.submit({ username, password });
    assert.match(browser.page?.text ?? '', said);
    assert.equal(browser.page?.text.includes('name="new"'), username !== 'CORP/mary');
    await browser.submit({}, /log-out/);
  }
});
