/** Users in a file and in LDAP log in to a real key manager, and their tokens open an API; what is kept elsewhere is not written. */
import assert from 'node:assert/strict';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { decodeJwt } from 'jose';
import { type Answer, basic, call, closeConnections, postForm } from '../support/call.ts';
import { newDataFolder, type Postern, runPostern, startPostern } from '../support/postern.ts';
import { logIn, type RestClient, restClient } from '../support/rest.ts';
import { missing } from '../support/servers.ts';
import { type LdapServer, startSlapd } from '../support/slapd.ts';

const skip = missing('slapd');
let folder: string;
let slapd: LdapServer | undefined;
let postern: Postern;
let admin: RestClient;

before(async () => {
  folder = newDataFolder();
  const users = join(folder, 'users.toml');
  const { out: hash } = await runPostern(['hash-password'], {}, 'toms password\n');
  writeFileSync(users, `[users.tom]\npassword = "${hash.trim()}"\nroles = ["team"]\n`);
  const config = join(folder, 'postern.toml');
  let toml = `[userStores.FILE]\nkind = "file"\nfile = "${users}"\nroleMapping = ["team=Internal/subscriber"]\n`;
  if (!skip) {
    slapd = await startSlapd();
    await slapd.put('mary', 'marys password', ['apim-admins']);
    toml += `[userStores.CORP]\nkind = "ldap"\nurls = ["${slapd.plain}"]\nca = "${slapd.ca}"\nbindDn = "${slapd.reader.dn}"
bindPassword = "${slapd.reader.password}"\nuserBase = "ou=people,${slapd.base}"\ngroupBase = "ou=groups,${slapd.base}"
roleMapping = ["apim-admins=admin"]\n`;
  }
  writeFileSync(config, toml);
  postern = await startPostern({ args: ['--gateway.threads=1', '--config', config] });
  admin = restClient(`${postern.server}/api/am/admin/v1`, await logIn(postern.server, { scopes: ['apim:admin'] }));
});
after(async () => {
  closeConnections();
  await postern?.stop();
  await slapd?.close();
  rmSync(folder, { recursive: true, force: true });
});

const tokenOf = (username: string, password: string): Promise<Answer> =>
  postForm(`${postern.http}/token`, { grant_type: 'password', username, password }, basic(postern.key, postern.secret));
const use = (token: string): Promise<Answer> =>
  call(`${postern.http}/pizzashack/1.0.0/menu`, { headers: { authorization: `Bearer ${token}` } });

test('postern hash-password takes one password, of which it says nothing', async () => {
  for (const given of ['', '\n', 'x'.repeat(129), 'two\nlines\n']) {
    const { status, out, err } = await runPostern(['hash-password'], {}, given);
    assert.deepEqual([status, out], [2, '']);
    assert.match(err, /expected (a password of 1 to 128 characters|one password, got several lines)/);
    assert.ok(!err.includes('two') && !err.includes('xx'));
  }
  assert.match(await runPostern(['hash-password', 'secret'], {}).then(({ err }) => err), /too many arguments/);
});

test('a user of a file gets a token that opens an API; 401 when all of his is revoked', async () => {
  const { access_token: token } = (await tokenOf('tom', 'toms password')).json();
  assert.equal(decodeJwt(token).sub, 'FILE/tom@carbon.super');
  assert.equal((await use(token)).status, 200);
  const tom = (await admin.get('/users/FILE%2Ftom')).json();
  assert.deepEqual(tom, {
    name: 'FILE/tom',
    tenant: 'carbon.super',
    roles: ['Internal/everyone', 'Internal/subscriber'],
  });
  assert.equal((await admin.post('/users/FILE%2Ftom/revoke-tokens')).status, 200);
  for (const from = performance.now(); (await use(token)).status !== 401; ) {
    assert.ok(performance.now() - from < 1000, 'still accepted after 1 s');
  }
});

test('400 for roles, a password, deletion and creation where users are only read', async () => {
  for (const answer of [
    await admin.put('/users/FILE%2Ftom', { roles: ['admin'] }),
    await admin.post('/users/FILE%2Ftom/reset-password', { password: 'new password' }),
    await admin.delete('/users/FILE%2Ftom'),
    await admin.post('/users', { name: 'FILE/eve', password: 'her password' }),
  ]) {
    assert.equal(answer.status, 400, answer.body);
    assert.match(answer.json().description, /user store FILE is only read here/);
  }
  const { list } = (await admin.get('/users?name=file/t')).json();
  assert.deepEqual(
    list.map(({ name }: { name: string }) => name),
    ['FILE/tom'],
  );
});

describe('LDAP', { skip }, () => {
  test('a user whose group is mapped to admin uses the admin API; deleted in the directory: 401, no refresh, no log-in', async () => {
    const form = { name: 'CORP/mary', password: 'marys password' };
    const asMary = restClient(`${postern.server}/api/am/admin/v1`, basic(form.name, form.password));
    assert.equal((await asMary.get('/users')).status, 200);
    const { access_token: token, refresh_token: refresh } = (await tokenOf('mary', form.password)).json();
    assert.equal(decodeJwt(token).sub, 'CORP/mary@carbon.super');
    assert.equal((await use(token)).status, 200);
    await slapd?.remove('mary');
    assert.equal((await asMary.get('/users')).status, 401);
    assert.equal((await tokenOf('mary', form.password)).json().error, 'invalid_grant');
    const again = await postForm(
      `${postern.http}/token`,
      { grant_type: 'refresh_token', refresh_token: refresh },
      basic(postern.key, postern.secret),
    );
    assert.deepEqual([again.status, again.json().error], [400, 'invalid_grant']);
  });

  test('503 with Retry-After while no server answers; those of other stores notice nothing', async () => {
    await slapd?.put('nora', 'her password');
    assert.equal((await tokenOf('CORP/nora', 'her password')).status, 200);
    await slapd?.kill();
    const answer = await tokenOf('CORP/nora', 'her password');
    assert.deepEqual([answer.status, answer.json().error], [503, 'temporarily_unavailable']);
    assert.equal(answer.headers['retry-after'], '5');
    assert.equal((await tokenOf('admin', 'admin')).status, 200);
    await slapd?.start();
    assert.equal((await tokenOf('CORP/nora', 'her password')).status, 200);
    assert.ok(!postern.log().includes('her password') && !postern.log().includes('reader password'));
  });
});

test('2 for a user store of a reserved name, or without what its kind needs; nothing is made on disk', async () => {
  for (const [flag, expected] of [
    ['--userStores.PRIMARY.kind=file', /userStores\.PRIMARY.*expected/],
    ['--userStores.CORP.kind=file', /file: expected the file with the users/],
  ] as const) {
    const flags = flag.includes('PRIMARY') ? [flag, '--userStores.PRIMARY.file=users.toml'] : [flag];
    const { status, err } = await runPostern(['key-manager', '--data', join(folder, 'none'), ...flags]);
    assert.equal(status, 2, err);
    assert.match(err, expected);
  }
});
