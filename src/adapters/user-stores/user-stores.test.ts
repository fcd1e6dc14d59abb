/** Every kind of user store passes the contract (LDAP: ldap/ldap.test.ts); then what is each kind's own. */
import assert from 'node:assert/strict';
import { unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { clock, folder, inCorp, logged, openStores, schema, UsersFile } from '../../../test/support/user-stores.ts';
import { loadConfig } from '../../platform/config/load.ts';
import { openSqliteStore } from '../stores/sqlite.ts';
import { databaseUserStore } from './database.ts';
import { type LogInSource, type UserStore, UserStoreError } from './user-store.ts';
import { userStoreContract } from './user-store-contract.ts';

userStoreContract('database', async () => {
  const store = await openSqliteStore(':memory:', clock);
  const users = databaseUserStore(store, clock);
  return {
    users,
    prefix: '',
    rolesOf: (roles) => roles.toSorted(),
    async put(name, password, roles = []) {
      if (!(await users.changePassword(name, password))) await users.create({ name, password, roles });
    },
    async remove(name) {
      await users.delete(name);
    },
    close: () => store.close(),
  };
});

userStoreContract('file', async () => {
  const file = new UsersFile();
  const opened = await openStores(`kind = "file"\nfile = "${file.path}"`);
  return {
    ...opened,
    prefix: 'CORP/',
    rolesOf: inCorp,
    put: (...of) => file.put(...of),
    remove: async (name) => file.remove(name),
  };
});

userStoreContract('module', async () => {
  const path = join(folder, 'my-users.js');
  writeFileSync(
    path,
    `export const known = new Map();
     export default async function open({ name, options }) {
       if (options.settings.get('greeting') !== 'hello') throw new Error('no settings');
       let failures = new Map();
       return {
         async verify(user, password, from) {
           const key = user + (from?.address ?? '');
           if (from && failures.get(key) >= 5) return null;
           const found = known.get(user);
           if (found?.password === password) return found;
           failures.set(key, (failures.get(key) ?? 0) + 1);
           return null;
         },
         find: async (user) => known.get(user) ?? null,
         async list({ name = '', role, offset, limit }) {
           const all = [...known.values()].filter((one) =>
             one.name.includes(name.toLowerCase()) && (role === undefined || one.roles.includes(role)));
           return { users: all.slice(offset, offset + limit), total: all.length };
         },
         async close() {},
       };
     }`,
  );
  const { known } = (await import(path)) as { known: Map<string, object> };
  const opened = await openStores(
    `kind = "module"\nmodule = "${path}"\n[userStores.CORP.settings]\ngreeting = "hello"`,
  );
  return {
    ...opened,
    prefix: 'CORP/',
    rolesOf: inCorp,
    put: async (name, password, roles = []) => void known.set(name, { name, password, roles }),
    remove: async (name) => void known.delete(name),
  };
});

describe('several user stores', () => {
  test('who names none is looked for in each, in their order; what is found by name only is the primary one’s', async () => {
    const [one, two] = [new UsersFile(), new UsersFile()];
    await one.put('mary', 'first corp');
    await two.put('mary', 'second corp');
    await two.put('hidden', 'second corp');
    const opened = await openStores(`[userStores.CORP]\nkind = "file"\nfile = "${one.path}"
[userStores.hidden]\nkind = "file"\nfile = "${two.path}"\nsearch = false`);
    const { users } = opened;
    await users.create({ name: 'mary', password: 'primary', roles: ['editor'] });
    const nameOf = async (name: string, password: string) => (await users.verify(name, password))?.fullName ?? null;
    assert.equal(await nameOf('mary', 'primary'), 'mary@carbon.super');
    assert.equal(await nameOf('mary', 'first corp'), 'CORP/mary@carbon.super');
    assert.equal(await nameOf('corp/mary', 'first corp'), 'CORP/mary@carbon.super');
    assert.equal(await nameOf('PRIMARY/mary', 'first corp'), null);
    assert.equal(await nameOf('CORP/mary', 'primary'), null);
    assert.equal(await nameOf('mary', 'second corp'), null, 'is not searched');
    assert.equal(await nameOf('HIDDEN/mary', 'second corp'), 'HIDDEN/mary@carbon.super');
    // The subject of a token must never become another one's.
    assert.deepEqual((await users.find('mary@carbon.super'))?.roles, ['editor']);
    await users.delete('mary');
    assert.equal(await users.find('mary@carbon.super'), null);
    await opened.close();
  });

  test('roles are mapped as the options say; of the others none is one of ours', async () => {
    const file = new UsersFile();
    await file.put('mary', 'her password', ['admin', 'bosses', 'Internal/publisher']);
    const mapping = '["bosses=admin", "bosses=Internal/devops"]';
    const opened = await openStores(
      `kind = "file"\nfile = "${file.path}"\nroles = ["Internal/subscriber"]\nroleMapping = ${mapping}`,
    );
    assert.deepEqual((await opened.users.find('CORP/mary'))?.roles, [
      'CORP/Internal/publisher',
      'CORP/admin',
      'Internal/devops',
      'Internal/everyone',
      'Internal/subscriber',
      'admin',
    ]);
    await opened.close();
  });

  test('what is kept elsewhere is not written here, and says so', async () => {
    const file = new UsersFile();
    await file.put('mary', 'her password');
    const { users, close } = await openStores(`kind = "file"\nfile = "${file.path}"`);
    for (const work of [
      () => users.changePassword('CORP/mary', 'new password'),
      () => users.setRoles('CORP/mary', ['admin']),
      () => users.delete('CORP/mary'),
      () => users.create({ name: 'CORP/eve', password: 'her password', roles: [] }),
    ]) {
      await assert.rejects(
        work(),
        (error) => error instanceof UserStoreError && /CORP is only read here/.test(error.message),
      );
    }
    assert.equal(await users.changePassword('CORP/nobody', 'new password'), false);
    await close();
  });
});

describe('after five wrong passwords', () => {
  const from = (address: string): LogInSource => ({ kind: 'stranger', address, gone: () => false });
  const here = from('192.0.2.1');
  async function fail(users: UserStore, name: string): Promise<void> {
    for (let i = 0; i < 5; i++) assert.equal(await users.verify(name, 'wrong', here), null);
  }

  test('a name in a file of users is held off for a second: there only, however it is written, and no other', async () => {
    const file = new UsersFile();
    await file.put('mary', 'her password');
    const { users, close } = await openStores(`kind = "file"\nfile = "${file.path}"`);
    assert.equal(users.heldOff('CORP/mary', here), 0);
    await fail(users, 'CORP/mary');
    assert.deepEqual(
      ['CORP/mary', 'corp/mary', 'CORP/mary@carbon.super', 'CORP/ann'].map((name) => users.heldOff(name, here)),
      [1000, 1000, 1000, 0],
    );
    assert.equal(users.heldOff('CORP/mary', from('192.0.2.2')), 0);
    assert.equal(await users.verify('CORP/mary', 'her password', here), null, 'not even the right one is looked at');
    assert.ok(await users.verify('CORP/mary', 'her password', from('192.0.2.2')));
    clock.advance(999);
    assert.equal(users.heldOff('CORP/mary', here), 1);
    clock.advance(1);
    assert.equal(users.heldOff('CORP/mary', here), 0);
    assert.ok(await users.verify('CORP/mary', 'her password', here));
    await users.verify('CORP/mary', 'wrong', here);
    assert.equal(users.heldOff('CORP/mary', here), 0, 'a success begins the count again');
    await close();
  });

  test('a name that nobody has is held off as well', async () => {
    const { users, close } = await openStores(`kind = "file"\nfile = "${new UsersFile().path}"`);
    await fail(users, 'CORP/nobody');
    assert.equal(users.heldOff('CORP/nobody', here), 1000);
    await close();
  });

  test('who names no store is held off when each store that is searched holds him off', async () => {
    const [one, two] = [new UsersFile(), new UsersFile()];
    await one.put('mary', 'corp password');
    const { users, close } = await openStores(`[userStores.CORP]\nkind = "file"\nfile = "${one.path}"
[userStores.hidden]\nkind = "file"\nfile = "${two.path}"\nsearch = false`);
    await users.create({ name: 'mary', password: 'primary password', roles: [] });
    await fail(users, 'CORP/mary');
    const held = () => ['mary', 'PRIMARY/mary', 'CORP/mary', 'HIDDEN/mary'].map((name) => users.heldOff(name, here));
    assert.deepEqual(held(), [0, 0, 1000, 0], 'the primary one looks');
    assert.equal((await users.verify('mary', 'primary password', here))?.fullName, 'mary@carbon.super');
    await fail(users, 'PRIMARY/mary');
    assert.deepEqual(held(), [1000, 1000, 1000, 0], 'none looks; what is not searched does not count');
    clock.advance(1000);
    await fail(users, 'PRIMARY/mary');
    assert.deepEqual(held(), [0, 2000, 0, 0], 'CORP looks again');
    assert.equal((await users.verify('mary', 'corp password', here))?.fullName, 'CORP/mary@carbon.super');
    await close();
  });

  test('a store that can not say whether it looks is not taken for one that does not', async () => {
    const path = join(folder, 'silent.js');
    writeFileSync(
      path,
      `export default async () => ({
         verify: async (name, password) => (name === 'mary' && password === 'hers' ? { name, roles: [] } : null),
         find: async () => null, list: async () => ({ users: [], total: 0 }), close: async () => {},
       });`,
    );
    const { users, close } = await openStores(`kind = "module"\nmodule = "${path}"`);
    await fail(users, 'mary');
    assert.deepEqual(
      ['mary', 'CORP/mary', 'PRIMARY/mary'].map((name) => users.heldOff(name, here)),
      [0, 0, 1000],
    );
    assert.ok(await users.verify('mary', 'hers', here));
    await close();
  });
});

describe('a file of users', () => {
  test('one that has become malformed, or is away, leaves the users as they were, and is told the log once', async () => {
    const file = new UsersFile();
    await file.put('mary', 'her password');
    const { users, close } = await openStores(`kind = "file"\nfile = "${file.path}"`);
    for (const break_ of [() => file.write('[users.mary\npassword = "$argon2id$secret'), () => unlinkSync(file.path)]) {
      break_();
      logged.length = 0;
      assert.ok(await users.verify('CORP/mary', 'her password'));
      assert.ok(await users.find('CORP/mary'));
      assert.deepEqual(
        logged.map(({ level, message }) => [level, message]),
        [['error', 'a file of users can not be used; those before stay']],
      );
      assert.ok(!JSON.stringify(logged).includes('secret'));
    }
    file.write();
    await file.put('mary', 'her password', [], 'disabled = true');
    assert.equal(await users.find('CORP/mary'), null);
    assert.equal(await users.verify('CORP/mary', 'her password'), null);
    await close();
  });

  for (const [text, expected] of [
    ['[users.mary]\npassword = "plain"', /users\.mary: password: expected a hash of the form \$argon2id/],
    ['[users.mary]\nroles = []', /users\.mary: password: expected a hash/],
    ['[users."a@b"]\n', /users\.a@b: expected a name without/],
    ['[user.mary]\n', /expected nothing but \[users\.<name>\], got user/],
    ['users = 1', /users: expected tables/],
    ['[users.mary\n', /line 1, column \d+ is not valid TOML/],
  ] as const) {
    test(`at the start it is an error: ${text.replaceAll('\n', ' ')}`, async () => {
      const path = join(folder, 'wrong.toml');
      writeFileSync(path, text);
      await assert.rejects(openStores(`kind = "file"\nfile = "${path}"`), expected);
    });
  }

  test('at the start one that is not there is an error', async () => {
    await assert.rejects(
      openStores('kind = "file"\nfile = "/nowhere/users.toml"'),
      /userStores\.CORP: .*users\.toml can't be read: ENOENT/,
    );
  });
});

test('options that do not fit together are errors', () => {
  const problem = (text: string) => {
    const file = join(folder, 'options.toml');
    writeFileSync(file, `[userStores.CORP]\n${text}`);
    loadConfig(schema, { file });
  };
  for (const [text, expected] of [
    ['kind = "file"', /file: expected the file/],
    ['kind = "module"', /module: expected the file/],
    ['kind = "ldap"', /urls: expected at least one/],
    ['urls = ["http://x"]', /urls: expected ldaps:/],
    ['urls = ["ldap://dir.example.org"]\nuserBase = "o=x"\nstartTls = false', /startTls: expected true/],
    ['urls = ["ldaps://x"]', /userBase: expected a DN/],
    ['urls = ["ldaps://x"]\nuserBase = "o=x"\nuserFilter = "(uid=*)"', /userFilter: expected a filter with \{name\}/],
    ['urls = ["ldaps://x"]\nuserBase = "o=x"\nbindDn = "cn=x"', /bindPassword: expected/],
    ['kind = "file"\nfile = "x"\nroleMapping = ["x"]', /roleMapping: expected theirs=ours/],
  ] as const) {
    assert.throws(() => problem(text), expected, text);
  }
});
