import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ManualClock } from '../../platform/clock.ts';
import { openSqliteStore } from '../stores/sqlite.ts';
import { bounded } from './bounded.ts';
import { databaseUserStore } from './database.ts';
import type { LogInBounds } from './hashed-passwords.ts';
import { hashPassword, verifyPassword } from './password.ts';
import { readUserName } from './user-name.ts';
import { type LogInSource, UserStoreBusyError, UserStoreError } from './user-store.ts';
import { VerifiedPasswords } from './verified-passwords.ts';
import { WrongPasswords } from './wrong-passwords.ts';

const clock = new ManualClock(1_700_000_000_000);
const open = async (bounds?: LogInBounds) => {
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

const few = { running: 1, waiting: 3, patience: 2000 };
const client: LogInSource = { kind: 'authenticated client', address: '192.0.2.1', gone: () => false };
const stranger: LogInSource = { kind: 'stranger', address: '192.0.2.2', gone: () => false };

test('a flood of log-ins: some wait, the others are refused at once', async () => {
  const { users, store } = await open({ clients: few, strangers: few });
  const settled = await Promise.allSettled(Array.from({ length: 10 }, () => users.verify('nobody', 'password')));
  const refused = settled.filter((one) => one.status === 'rejected');
  assert.equal(refused.length, 6);
  assert.ok(refused.every((one) => one.reason instanceof UserStoreBusyError));
  await store.close();
});

test('a flood of strangers keeps out strangers only', async () => {
  const { users, store } = await open({ clients: few, strangers: few });
  await users.create({ name: 'mary', password: 'maryspw', roles: [] });
  const flood = Promise.allSettled(Array.from({ length: 10 }, () => users.verify('nobody', 'x', stranger)));
  assert.ok(await users.verify('mary', 'maryspw', client));
  assert.equal((await flood).filter((one) => one.status === 'rejected').length, 6);
  await store.close();
});

test('many at once with the same right password cost one computation', async () => {
  const { users, store } = await open({ clients: { ...few, waiting: 50 }, strangers: few });
  await users.create({ name: 'mary', password: 'maryspw', roles: [] });
  const logIns = () => Promise.all(Array.from({ length: 40 }, () => users.verify('mary', 'maryspw', client)));
  const before = process.cpuUsage();
  assert.ok((await logIns()).every((user) => user !== null));
  const { user, system } = process.cpuUsage(before);
  // One computation takes more than 20 ms, forty of them 800.
  assert.ok(user + system < 400_000, `${user + system} us`);
  await store.close();
});

test('after five wrong passwords a log-in from there is held off, and from nowhere else', async () => {
  const { users, store } = await open();
  await users.create({ name: 'mary', password: 'maryspw', roles: [] });
  for (const name of ['mary', 'mary@carbon.super', 'PRIMARY/mary', 'mary', 'mary']) {
    assert.equal(await users.verify(name, 'wrong', client), null);
  }
  assert.equal(await users.verify('mary', 'maryspw', client), null, 'even with the right password');
  assert.ok(await users.verify('mary', 'maryspw', stranger), 'another address');
  assert.equal(await users.verify('mary', 'maryspw', client), null, 'whose success changes nothing here');
  clock.advance(1000);
  assert.ok(await users.verify('mary', 'maryspw', client));
  assert.equal(await users.verify('mary', 'wrong', client), null);
  assert.ok(await users.verify('mary', 'maryspw', client), 'a success begins the count again');
  await store.close();
});

test('log-ins are held off for twice as long each time, up to half a minute; a minute without forgets', () => {
  const time = new ManualClock(0);
  const wrong = new WrongPasswords(time);
  const heldFor = () => {
    const from = time.now();
    while (wrong.heldOff('mary', 'a')) time.advance(1000);
    return (time.now() - from) / 1000;
  };
  const pauses: number[] = [];
  for (let at = 0; at < 11; at++) {
    wrong.wrong('mary', 'a');
    pauses.push(heldFor());
  }
  assert.deepEqual(pauses, [0, 0, 0, 0, 1, 2, 4, 8, 16, 30, 30]);
  time.advance(60_000);
  wrong.wrong('mary', 'a');
  assert.equal(heldFor(), 0);
});

test('wrong passwords are remembered up to a bound, the oldest go first', () => {
  const wrong = new WrongPasswords(clock, 2);
  const fail = (name: string) => {
    for (let at = 0; at < 5; at++) wrong.wrong(name, 'a');
  };
  for (const name of ['mary', 'joe', 'mary', 'ann']) fail(name);
  assert.deepEqual(
    ['mary', 'joe', 'ann'].map((name) => wrong.heldOff(name, 'a') > 0),
    [true, false, true],
  );
});

test('the bound holds, in order, and a failure gives its place back', async () => {
  const takeTurn = bounded({ running: 2, waiting: 100, patience: 2000 }, clock);
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

test('who waited for too long or is gone is refused, and takes the place of nobody', async () => {
  const time = new ManualClock(0);
  const takeTurn = bounded({ running: 1, waiting: 2, patience: 2000 }, time);
  const done: string[] = [];
  const work = (name: string) => async () => void done.push(name);
  let finish = () => {};
  const first = takeTurn(() => new Promise<void>((resolve) => (finish = resolve)));
  let gone = false;
  const waiting = [takeTurn(work('impatient')), takeTurn(work('gone'), () => gone)];
  await assert.rejects(takeTurn(work('one too many')), UserStoreBusyError);
  gone = true;
  time.advance(1);
  waiting.push(takeTurn(work('patient')));
  time.advance(2000);
  finish();
  await first;
  const settled = await Promise.allSettled(waiting);
  assert.deepEqual(
    settled.map((one) => one.status),
    ['rejected', 'rejected', 'fulfilled'],
  );
  assert.deepEqual(done, ['patient']);
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
  assert.deepEqual(readUserName('PRIMARY/a@b@carbon.super'), {
    store: 'PRIMARY',
    name: 'a@b',
    tenant: 'carbon.super',
  });
  assert.deepEqual(readUserName('other/a'), { store: 'OTHER', name: 'a', tenant: 'carbon.super' });
  assert.equal(readUserName('OTHER/a@elsewhere'), null);
});

test('users are listed in pages by name, part of the name or role; those that wait for approval are not', async () => {
  const { users, store } = await open();
  for (const [name, ...roles] of [['mary', 'admin'], ['Maria', 'architect'], ['ivan', 'architect', 'admin'], ['a_b']]) {
    await users.create({ name: name as string, password: 'password', roles });
  }
  await users.create({ name: 'pending', password: 'password', roles: ['admin'], pending: true });
  const names = async (search: { name?: string; role?: string; offset?: number; limit?: number }) => {
    const { users: found, total } = await users.list({ offset: 0, limit: 10, ...search });
    return [total, ...found.map(({ name }) => name)];
  };
  assert.deepEqual(await names({}), [4, 'Maria', 'a_b', 'ivan', 'mary']);
  assert.deepEqual(await names({ offset: 1, limit: 2 }), [4, 'a_b', 'ivan']);
  assert.deepEqual(await names({ name: 'MAR' }), [2, 'Maria', 'mary']);
  assert.deepEqual(await names({ name: '_' }), [1, 'a_b']);
  assert.deepEqual(await names({ role: 'architect', name: 'i' }), [2, 'Maria', 'ivan']);
  const { users: found } = await users.list({ role: 'architect', offset: 0, limit: 10 });
  assert.deepEqual(
    found.map(({ roles }) => roles),
    [['architect'], ['admin', 'architect']],
  );
  assert.deepEqual(await users.roles(), [
    { name: 'admin', users: 2 },
    { name: 'architect', users: 2 },
  ]);
  await store.close();
});

test('changed roles decide in the same transaction, knowing what they were', async () => {
  const { users, store } = await open();
  await users.create({ name: 'mary', password: 'password', roles: ['admin'] });
  let before: readonly string[] = [];
  await assert.rejects(
    users.setRoles('mary', ['architect'], async (_tx, user) => {
      before = user.roles;
      throw new Error('no');
    }),
    /no/,
  );
  assert.deepEqual(before, ['admin']);
  assert.deepEqual((await users.find('mary'))?.roles, ['admin']);
  assert.equal(await users.setRoles('mary', ['architect']), true);
  assert.deepEqual((await users.find('mary'))?.roles, ['architect']);
  assert.equal(await users.setRoles('nobody', []), false);
  await store.close();
});
