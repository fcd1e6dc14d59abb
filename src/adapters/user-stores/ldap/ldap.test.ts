/** User stores in LDAP directories: the contract against a real server, and what a server can do wrong. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { missing } from '../../../../test/support/servers.ts';
import { type LdapServer, startSlapd } from '../../../../test/support/slapd.ts';
import { folder, inCorp, logged, openStores } from '../../../../test/support/user-stores.ts';
import { UserStoreUnavailableError } from '../user-store.ts';
import { userStoreContract } from '../user-store-contract.ts';
import { openConnection } from './connection.ts';

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
      ...(await openStores(ldap(options()))),
      prefix: 'CORP/',
      rolesOf: inCorp,
      put: (...of) => slapd.put(...of),
      remove: (name) => slapd.remove(name),
    }),
    { skip },
  );
}

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
    const opened = await openStores(ldap({ userFilter: '(&(uid={name})(employeeType=on))' }));
    for (const name of ['Gina', 'gina', 'GINA', ' gina ']) {
      assert.equal(
        (await opened.users.verify(`CORP/${name}`, 'her password'))?.fullName,
        'CORP/Gina@carbon.super',
        name,
      );
      assert.equal((await opened.users.find(`CORP/${name}`))?.fullName, 'CORP/Gina@carbon.super', name);
    }
    await opened.close();
    const closed = await openStores(ldap({ userFilter: '(&(uid={name})(employeeType=off))' }));
    assert.equal(await closed.users.verify('CORP/Gina', 'her password'), null);
    assert.equal(await closed.users.find('CORP/Gina'), null);
    await closed.close();
  });

  test('a name that stands for two users stands for none; one with / or @ in it is none', async () => {
    await slapd.put('twin', 'a password');
    const more = { objectClass: ['inetOrgPerson'], cn: ['twin'], sn: ['twin'], userPassword: ['a password'] };
    await slapd.add(`cn=twin,ou=people,${slapd.base}`, { ...more, uid: ['twin'] });
    await slapd.add(`cn=slash,ou=people,${slapd.base}`, { ...more, cn: ['slash'], uid: ['PRIMARY/admin'] });
    const { users, close } = await openStores(ldap());
    for (const name of ['twin', 'PRIMARY/admin', 'PRIMARY/admin@carbon.super']) {
      assert.equal(await users.verify(`CORP/${name}`, 'a password'), null, name);
    }
    await close();
  });

  test('groups whose names have commas and parentheses are roles; members whose DNs have them are found', async () => {
    await slapd.put('odd (name)', 'his password', ['Sales, Europe (all)']);
    for (const options of [{}, { groupBase: '', memberOfAttribute: 'memberOf' }]) {
      const { users, close } = await openStores(ldap(options));
      const roles = (await users.verify('CORP/odd (name)', 'his password'))?.roles;
      assert.deepEqual(roles, ['CORP/Sales, Europe (all)', 'Internal/everyone']);
      await close();
    }
  });

  test('a certificate that is not believed: 503, and nothing is sent', async () => {
    await slapd.put('hans', 'his password');
    const other = join(folder, 'other.pem');
    const { openCertificates } = await import('../../../platform/certificates.ts');
    writeFileSync(other, (await openCertificates(join(folder, 'other'))).ca);
    for (const url of [slapd.secure, slapd.plain]) {
      const { users, close } = await openStores(ldap({ urls: [url], ca: other }));
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
      const { users, close } = await openStores(ldap({ urls: [fake.url], timeout: 300, connectTimeout: 300 }));
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
    const { users, close } = await openStores(ldap({ urls, connectTimeout: 300 }));
    logged.length = 0;
    for (let i = 0; i < 3; i++) assert.ok(await users.verify('CORP/ida', 'her password'));
    assert.equal(logged.filter(({ level }) => level === 'warn').length, 2);
    assert.ok(!JSON.stringify(logged).includes('password":'));
    await close();
    await silent.close();
  });

  test('a server that ends while connections are kept: 503 until it is back, and then as before', async () => {
    await slapd.put('jon', 'his password');
    const { users, close } = await openStores(ldap({ connectTimeout: 500 }));
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
    const { users, close } = await openStores(ldap({ bindPassword: 'a wrong secret' }));
    await assert.rejects(users.find('CORP/jon'), unavailable);
    assert.match(JSON.stringify(logged), /InvalidCredentialsError/);
    assert.ok(!JSON.stringify(logged).includes('a wrong secret'));
    await close();
  });

  test('50 log-ins at once, over few connections', async () => {
    await slapd.put('kay', 'her password', ['editors']);
    const { users, close } = await openStores(ldap({ connections: 2, timeout: 30_000 }));
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
