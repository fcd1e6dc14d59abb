import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ManualClock } from '../../platform/clock.ts';
import { openSqliteStore } from '../stores/sqlite.ts';
import { bounded } from './bounded.ts';
import { databaseUserStore } from './database.ts';
import { hashPassword, verifyPassword } from './password.ts';
import { readUserName } from './user-name.ts';
import { UserStoreBusyError, UserStoreError } from './user-store.ts';
import { VerifiedPasswords } from './verified-passwords.ts';

const clock = new ManualClock(1_700_000_000_000);
const open = async (bounds?: { running: number; waiting: number }) => {
  const store = await openSqliteStore(':memory:', clock);
  return { store, users: databaseUserStore(store, clock, bounds) };
};

test('a user logs in under every way of writing the name, with roles', async () => {
  const { users, store } = await open();
  await users.create({ name: 'mary', password: 'maryspw', roles: ['Internal/subscriber', 'admin'] });
  for (const name of ['mary', 'mary@carbon.super', 'PRIMARY/mary', 'primary/mary@carbon.super']) {
    assert.deepEqual(await users.verify(name, 'maryspw'), {
      name: 'mary',
      tenant: 'carbon.super',
      fullName: 'mary@carbon.super',
      roles: ['Internal/subscriber', 'admin'],
    });
  }
  for (const name of ['Mary', 'mary@other.com', 'LDAP/mary', '', '@carbon.super', 'mary@carbon.super@carbon.super']) {
    assert.equal(await users.verify(name, 'maryspw'), null, name);
  }
  assert.equal(await users.verify('mary', 'maryspW'), null);
  assert.equal(await users.verify('mary', 'x'.repeat(100_000)), null);
  await store.close();
});

test('a changed password holds at once, also against a remembered one, and decides in the same transaction', async () => {
  const { users, store } = await open();
  await users.create({ name: 'mary', password: 'first', roles: [] });
  assert.ok(await users.verify('mary', 'first'));
  await assert.rejects(
    users.changePassword('mary', 'second', async () => {
      throw new Error('no');
    }),
    /no/,
  );
  assert.ok(await users.verify('mary', 'first'));
  assert.equal(await users.changePassword('mary', 'second'), true);
  assert.equal(await users.verify('mary', 'first'), null);
  assert.ok(await users.verify('mary', 'second'));
  assert.equal(await users.changePassword('nobody', 'second'), false);
  await store.close();
});

test('a deleted user does not log in; its name can be given again', async () => {
  const { users, store } = await open();
  await users.create({ name: 'mary', password: 'first', roles: ['admin'] });
  assert.equal(await users.delete('mary'), true);
  assert.equal(await users.verify('mary', 'first'), null);
  assert.deepEqual((await users.create({ name: 'mary', password: 'other', roles: [] })).roles, []);
  await store.close();
});

test('a taken name, a bad name and a bad password are refused with what is expected', async () => {
  const { users, store } = await open();
  await users.create({ name: 'mary', password: 'first', roles: [] });
  await assert.rejects(users.create({ name: 'mary', password: 'other', roles: [] }), /already/);
  await assert.rejects(users.create({ name: 'a@b', password: 'other', roles: [] }), UserStoreError);
  await assert.rejects(users.create({ name: 'joe', password: 'abcd', roles: [] }), /5 to 128/);
  assert.equal(await users.find('joe'), null);
  await store.close();
});

test('no password is in the store', async () => {
  const { users, store } = await open();
  await users.create({ name: 'mary', password: 'plain-to-see', roles: [] });
  assert.ok(!JSON.stringify(await store.db.selectFrom('users').selectAll().execute()).includes('plain-to-see'));
  await store.close();
});

test('an unknown user costs as much processor time as a wrong password', async () => {
  const { users, store } = await open();
  await users.create({ name: 'mary', password: 'maryspw', roles: [] });
  const cost = async (name: string) => {
    const before = process.cpuUsage();
    for (let round = 0; round < 5; round++) assert.equal(await users.verify(name, 'wrong'), null);
    const { user, system } = process.cpuUsage(before);
    return user + system;
  };
  await cost('mary');
  const [wrong, unknown] = [await cost('mary'), await cost('nobody')];
  assert.ok(unknown > wrong / 2 && unknown < wrong * 2, `${unknown} and ${wrong} us`);
  await store.close();
});

test('a flood of log-ins: some wait, the others are refused at once', async () => {
  const { users, store } = await open({ running: 1, waiting: 3 });
  const settled = await Promise.allSettled(Array.from({ length: 10 }, () => users.verify('nobody', 'password')));
  const refused = settled.filter((one) => one.status === 'rejected');
  assert.equal(refused.length, 6);
  assert.ok(refused.every((one) => one.reason instanceof UserStoreBusyError));
  await store.close();
});

test('the bound holds, in order, and a failure gives its place back', async () => {
  const takeTurn = bounded({ running: 2, waiting: 100 });
  let running = 0;
  const order: number[] = [];
  const work = (at: number) => async () => {
    running += 1;
    assert.ok(running <= 2);
    order.push(at);
    await new Promise(setImmediate);
    running -= 1;
    if (at % 3 === 0) throw new Error('failed');
  };
  const settled = await Promise.allSettled(Array.from({ length: 20 }, (_, at) => takeTurn(work(at))));
  assert.equal(settled.filter((one) => one.status === 'rejected').length, 7);
  assert.deepEqual(order, [...Array(20).keys()]);
});

test('a hash is of one password, salted, with its cost in it', async () => {
  const hash = await hashPassword('pässword');
  assert.match(hash, /^\$argon2id\$v=19\$m=19456,t=2,p=1\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}$/);
  assert.notEqual(await hashPassword('pässword'), hash);
  assert.equal(await verifyPassword(hash, 'pässword'), true);
  assert.equal(await verifyPassword(hash, 'passwörd'), false);
  await assert.rejects(verifyPassword('plain', 'plain'), /\$argon2id/);
});

test('what is remembered is bounded, the oldest goes first', () => {
  const verified = new VerifiedPasswords(2);
  for (const password of ['a', 'b', 'c']) verified.add('hash', password);
  assert.deepEqual(
    ['a', 'b', 'c'].map((password) => verified.has('hash', password)),
    [false, true, true],
  );
});

test('user names: tenant and user store', () => {
  assert.deepEqual(readUserName('PRIMARY/a@b@carbon.super'), { name: 'a@b', tenant: 'carbon.super' });
  assert.equal(readUserName('OTHER/a'), null);
});
