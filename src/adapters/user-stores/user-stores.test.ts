/** Every kind of user store passes the contract; then what is each kind's own. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, unlinkSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { missing } from '../../../test/support/servers.ts';
import { type LdapServer, startSlapd } from '../../../test/support/slapd.ts';
import { ManualClock } from '../../platform/clock.ts';
import { loadConfig } from '../../platform/config/load.ts';
import { section } from '../../platform/config/schema.ts';
import type { EventLog } from '../../platform/log.ts';
import { openSqliteStore } from '../stores/sqlite.ts';
import { databaseUserStore } from './database.ts';
import { openConnection } from './ldap/connection.ts';
import { openUserStores } from './open-user-stores.ts';
import { userStoreOptions } from './options.ts';
import { hashPassword } from './password.ts';
import { UserStoreError, UserStoreUnavailableError } from './user-store.ts';
import { userStoreContract } from './user-store-contract.ts';

const folder = mkdtempSync(join(tmpdir(), 'postern-users-'));
after(() => rmSync(folder, { recursive: true }));
const clock = new ManualClock(1_700_000_000_000);
const schema = section('', { userStores: userStoreOptions });

interface Logged {
  readonly level: string;
  readonly fields: unknown;
  readonly message: string;
}
const logged: Logged[] = [];
const note = (level: string) => (fields: unknown, message: string) => void logged.push({ level, fields, message });
const log = { info: note('info'), warn: note('warn'), error: note('error') } as unknown as EventLog;

/** A store with these options in TOML, of the name CORP unless they say otherwise, beside a database with nobody. */
async function open(toml: string) {
  const file = join(folder, `${Math.random()}.toml`);
  writeFileSync(file, toml.startsWith('[') ? toml : `[userStores.CORP]\n${toml}`);
  const { userStores } = loadConfig(schema, { file });
  const store = await openSqliteStore(':memory:', clock);
  const { users, close } = await openUserStores({ store, clock, log }, userStores);
  return {
    users,
    store,
    async close() {
      await close();
      await store.close();
    },
  };
}

const inCorp = (theirs: readonly string[]): string[] =>
  [...theirs.map((role) => `CORP/${role}`), 'Internal/everyone'].toSorted();

/** What is in a file of users. */
class UsersFile {
  readonly path = join(folder, `${Math.random()}-users.toml`);
  readonly #users = new Map<string, string>();

  constructor() {
    this.write();
  }

  async put(name: string, password: string, roles: readonly string[] = [], more = ''): Promise<void> {
    const hash = await hashPassword(password);
    this.#users.set(name, `[users.${name}]\npassword = "${hash}"\nroles = ${JSON.stringify(roles)}\n${more}\n`);
    this.write();
  }

  remove(name: string): void {
    this.#users.delete(name);
    this.write();
  }

  write(text = [...this.#users.values()].join('\n')): void {
    writeFileSync(this.path, text);
  }
}

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
  const opened = await open(`kind = "file"\nfile = "${file.path}"`);
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
  const opened = await open(`kind = "module"\nmodule = "${path}"\n[userStores.CORP.settings]\ngreeting = "hello"`);
  return {
    ...opened,
    prefix: 'CORP/',
    rolesOf: inCorp,
    put: async (name, password, roles = []) => void known.set(name, { name, password, roles }),
    remove: async (name) => void known.delete(name),
  };
});

const skip = missing('slapd');
let slapd: LdapServer;
before(async () => {
  if (!skip) slapd = await startSlapd();
});
after(() => slapd?.close());

const toml = (options: Record<string, unknown>): string =>
  Object.entries(options)
    .map(([key, value]) => `${key} = ${JSON.stringify(value)}`)
    .join('\n');
const ldap = (options: Record<string, unknown> = {}): string =>
  toml({
    kind: 'ldap',
    urls: [slapd.secure],
    ca: slapd.ca,
    bindDn: slapd.reader.dn,
    bindPassword: slapd.reader.password,
    userBase: `ou=people,${slapd.base}`,
    groupBase: `ou=groups,${slapd.base}`,
    ...options,
  });

for (const [kind, options] of [
  ['LDAPS, groups by search', () => ({})],
  [
    'LDAP with StartTLS, groups by attribute',
    () => ({ urls: [slapd.plain], groupBase: '', memberOfAttribute: 'memberOf', userFilter: '(uid={name})' }),
  ],
] as const) {
  userStoreContract(
    kind,
    async () => ({
      ...(await open(ldap(options()))),
      prefix: 'CORP/',
      rolesOf: inCorp,
      put: (...of) => slapd.put(...of),
      remove: (name) => slapd.remove(name),
    }),
    { skip },
  );
}

describe('several user stores', () => {
  test('who names none is looked for in each, in their order; what is found by name only is the primary one’s', async () => {
    const [one, two] = [new UsersFile(), new UsersFile()];
    await one.put('mary', 'first corp');
    await two.put('mary', 'second corp');
    await two.put('hidden', 'second corp');
    const opened = await open(`[userStores.CORP]\nkind = "file"\nfile = "${one.path}"
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
    const opened = await open(
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
    const { users, close } = await open(`kind = "file"\nfile = "${file.path}"`);
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

describe('a file of users', () => {
  test('one that has become malformed, or is away, leaves the users as they were, and is told the log once', async () => {
    const file = new UsersFile();
    await file.put('mary', 'her password');
    const { users, close } = await open(`kind = "file"\nfile = "${file.path}"`);
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
      await assert.rejects(open(`kind = "file"\nfile = "${path}"`), expected);
    });
  }

  test('at the start one that is not there is an error', async () => {
    await assert.rejects(
      open('kind = "file"\nfile = "/nowhere/users.toml"'),
      /userStores\.CORP: .*users\.toml can't be read: ENOENT/,
    );
  });
});

test('a connection to LDAP that was lost is never opened again by itself, as nobody and without TLS', async () => {
  let connections = 0;
  const fake = await listen((socket) => {
    connections += 1;
    socket.end();
  });
  const options = { startTls: false, ca: undefined, connectTimeout: 1000, timeout: 1000 };
  const { client, close } = await openConnection(fake.url, options);
  await assert.rejects(client.bind('cn=reader', 'a password'));
  await assert.rejects(client.bind('cn=reader', 'a password'), /the connection was closed/);
  assert.equal(connections, 1);
  close();
  await fake.close();
});

describe('LDAP', { skip }, () => {
  const unavailable = (error: unknown) => error instanceof UserStoreUnavailableError && error.status === 503;

  test('one user under every spelling that the directory takes for his name; disabled by the filter: nobody', async () => {
    await slapd.put('Gina', 'her password', [], { employeeType: 'on' });
    const opened = await open(ldap({ userFilter: '(&(uid={name})(employeeType=on))' }));
    for (const name of ['Gina', 'gina', 'GINA', ' gina ']) {
      assert.equal(
        (await opened.users.verify(`CORP/${name}`, 'her password'))?.fullName,
        'CORP/Gina@carbon.super',
        name,
      );
      assert.equal((await opened.users.find(`CORP/${name}`))?.fullName, 'CORP/Gina@carbon.super', name);
    }
    await opened.close();
    const closed = await open(ldap({ userFilter: '(&(uid={name})(employeeType=off))' }));
    assert.equal(await closed.users.verify('CORP/Gina', 'her password'), null);
    assert.equal(await closed.users.find('CORP/Gina'), null);
    await closed.close();
  });

  test('a name that stands for two users stands for none; one with / or @ in it is none', async () => {
    await slapd.put('twin', 'a password');
    const more = { objectClass: ['inetOrgPerson'], cn: ['twin'], sn: ['twin'], userPassword: ['a password'] };
    await slapd.add(`cn=twin,ou=people,${slapd.base}`, { ...more, uid: ['twin'] });
    await slapd.add(`cn=slash,ou=people,${slapd.base}`, { ...more, cn: ['slash'], uid: ['PRIMARY/admin'] });
    const { users, close } = await open(ldap());
    for (const name of ['twin', 'PRIMARY/admin', 'PRIMARY/admin@carbon.super']) {
      assert.equal(await users.verify(`CORP/${name}`, 'a password'), null, name);
    }
    await close();
  });

  test('groups whose names have commas and parentheses are roles; members whose DNs have them are found', async () => {
    await slapd.put('odd (name)', 'his password', ['Sales, Europe (all)']);
    for (const options of [{}, { groupBase: '', memberOfAttribute: 'memberOf' }]) {
      const { users, close } = await open(ldap(options));
      const roles = (await users.verify('CORP/odd (name)', 'his password'))?.roles;
      assert.deepEqual(roles, ['CORP/Sales, Europe (all)', 'Internal/everyone']);
      await close();
    }
  });

  test('a certificate that is not believed: 503, and nothing is sent', async () => {
    await slapd.put('hans', 'his password');
    const other = join(folder, 'other.pem');
    const { openCertificates } = await import('../../platform/certificates.ts');
    writeFileSync(other, (await openCertificates(join(folder, 'other'))).ca);
    for (const url of [slapd.secure, slapd.plain]) {
      const { users, close } = await open(ldap({ urls: [url], ca: other }));
      await assert.rejects(users.verify('CORP/hans', 'his password'), unavailable);
      await close();
    }
  });

  test('a server that takes no TLS, or leaves in the middle of it, is told no name and no password', async () => {
    const answers: Record<string, Buffer | null> = {
      // An ExtendedResponse to message 1: protocolError, and success (RFC 4511 section 4.12).
      refuses: Buffer.from('300c02010178070a010204000400', 'hex'),
      leaves: Buffer.from('300c02010178070a010004000400', 'hex'),
      'says nothing': null,
    };
    for (const [what, answer] of Object.entries(answers)) {
      const got: Buffer[] = [];
      let connections = 0;
      const fake = await listen((socket) => {
        connections += 1;
        socket.on('data', (chunk: Buffer) => {
          got.push(chunk);
          if (answer && got.length === 1) socket.write(answer);
          if (got.length > 1) socket.destroy();
        });
      });
      const { users, close } = await open(ldap({ urls: [fake.url], timeout: 300, connectTimeout: 300 }));
      await assert.rejects(users.verify('CORP/hans', 'his password'), unavailable, what);
      const said = Buffer.concat(got).toString('latin1');
      assert.ok(!said.includes('his password') && !said.includes('reader password') && !said.includes('hans'), what);
      assert.equal(connections, 1, what);
      await close();
      await fake.close();
    }
  });

  test('of several servers one that is away, or says nothing, is passed over; it is told the log once', async () => {
    await slapd.put('ida', 'her password');
    const gone = await listen(() => {});
    await gone.close();
    const silent = await listen(() => {});
    const urls = [gone.url.replace('ldap:', 'ldaps:'), silent.url.replace('ldap:', 'ldaps:'), slapd.secure];
    const { users, close } = await open(ldap({ urls, connectTimeout: 300 }));
    logged.length = 0;
    for (let i = 0; i < 3; i++) assert.ok(await users.verify('CORP/ida', 'her password'));
    assert.equal(logged.filter(({ level }) => level === 'warn').length, 2);
    assert.ok(!JSON.stringify(logged).includes('password":'));
    await close();
    await silent.close();
  });

  test('a server that ends while connections are kept: 503 until it is back, and then as before', async () => {
    await slapd.put('jon', 'his password');
    const { users, close } = await open(ldap({ connectTimeout: 500 }));
    assert.ok(await users.find('CORP/jon'));
    await slapd.kill();
    await assert.rejects(users.find('CORP/jon'), unavailable);
    await assert.rejects(users.verify('CORP/jon', 'his password'), unavailable);
    await slapd.start();
    assert.ok(await users.find('CORP/jon'));
    assert.ok(await users.verify('CORP/jon', 'his password'));
    await slapd.kill();
    await slapd.start();
    assert.ok(await users.find('CORP/jon'), 'a kept connection that the server closed is replaced');
    await close();
  });

  test('who searches has the wrong password: 503 and the log says why, without it', async () => {
    logged.length = 0;
    const { users, close } = await open(ldap({ bindPassword: 'a wrong secret' }));
    await assert.rejects(users.find('CORP/jon'), unavailable);
    assert.match(JSON.stringify(logged), /InvalidCredentialsError/);
    assert.ok(!JSON.stringify(logged).includes('a wrong secret'));
    await close();
  });

  test('50 log-ins at once, over few connections', async () => {
    await slapd.put('kay', 'her password', ['editors']);
    const { users, close } = await open(ldap({ connections: 2, timeout: 30_000 }));
    const all = await Promise.all(
      Array.from({ length: 50 }, (_, i) => users.verify('CORP/kay', i % 2 ? 'her password' : 'wrong')),
    );
    assert.deepEqual(
      all.map((user) => user !== null),
      all.map((_, i) => i % 2 === 1),
    );
    await close();
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

async function listen(handle: (socket: Socket) => void): Promise<{ url: string; close(): Promise<void> }> {
  const sockets = new Set<Socket>();
  const server: Server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    handle(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `ldap://localhost:${(server.address() as AddressInfo).port}`,
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
