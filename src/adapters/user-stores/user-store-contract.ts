/** What every kind of user store has to do, whatever knows its users. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { LogInSource, UserStore } from './user-store.ts';

export interface UserStoreUnderTest {
  readonly users: UserStore;
  /** What stands before its users' names: `CORP/`, or nothing. */
  readonly prefix: string;
  /** What roles that it calls so are called here. */
  rolesOf(theirs: readonly string[]): string[];
  /** Makes a user, or gives him another password. */
  put(name: string, password: string, roles?: readonly string[]): Promise<void>;
  remove(name: string): Promise<void>;
  close(): Promise<void>;
}

const from = (address: string): LogInSource => ({ kind: 'stranger', address, gone: () => false });

export function userStoreContract(
  kind: string,
  open: () => Promise<UserStoreUnderTest>,
  options: { readonly skip?: string | false } = {},
): void {
  describe(`user store: ${kind}`, options, () => {
    let store: UserStoreUnderTest;
    let users: UserStore;
    let prefix: string;
    before(async () => {
      store = await open();
      ({ users, prefix } = store);
    });
    after(() => store?.close());

    test('a user logs in with roles; with a wrong password, none, a very long one or another tenant nobody does', async () => {
      await store.put('anna', 'right password', ['editors', 'readers']);
      const anna = {
        name: `${prefix}anna`,
        tenant: 'carbon.super',
        fullName: `${prefix}anna@carbon.super`,
        roles: store.rolesOf(['editors', 'readers']),
      };
      assert.deepEqual(await users.verify(`${prefix}anna`, 'right password'), anna);
      assert.deepEqual(await users.verify(`${prefix}anna@carbon.super`, 'right password'), anna);
      for (const wrong of ['wrong password', '', ' ', '\0', 'right password\0', 'x'.repeat(100_000)]) {
        assert.equal(await users.verify(`${prefix}anna`, wrong), null, JSON.stringify(wrong.slice(0, 20)));
      }
      for (const other of [`${prefix}anna@other.com`, 'OTHER/anna', `${prefix}nobody`]) {
        assert.equal(await users.verify(other, 'right password'), null, other);
      }
    });

    test('a name that means something to whoever keeps the users means nothing here', async () => {
      await store.put('betty', 'her password');
      const names = [
        '*',
        'bett*',
        'betty)(uid=*',
        '*)(|(uid=*',
        '\\2a',
        'betty\0',
        "betty' or '1'='1",
        'uid=betty',
        '',
      ];
      const more = ['.', '..', '__proto__', 'constructor', 'users.betty', 'betty/betty', 'b'.repeat(10_000), 'bétty'];
      for (const name of [...names, ...more]) {
        assert.equal(await users.verify(prefix + name, 'her password'), null, name.slice(0, 50));
        assert.equal(await users.find(prefix + name), null, name.slice(0, 50));
      }
    });

    test('a user is found by every way of writing the name, and is gone when he is', async () => {
      await store.put('carl', 'his password', ['editors']);
      for (const name of [`${prefix}carl`, `${prefix}carl@carbon.super`, `${prefix.toLowerCase()}carl`]) {
        assert.deepEqual((await users.find(name))?.roles, store.rolesOf(['editors']), name);
      }
      assert.ok(await users.verify(`${prefix}carl`, 'his password'));
      await store.remove('carl');
      assert.equal(await users.find(`${prefix}carl`), null);
      assert.equal(await users.verify(`${prefix}carl`, 'his password'), null);
    });

    test('a new password holds at once, and the old one no more', async () => {
      await store.put('dora', 'first password');
      assert.ok(await users.verify(`${prefix}dora`, 'first password'));
      await store.put('dora', 'second password');
      assert.equal(await users.verify(`${prefix}dora`, 'first password'), null);
      assert.ok(await users.verify(`${prefix}dora`, 'second password'));
    });

    test('after five wrong passwords the right one is refused for a while, but not from elsewhere', async () => {
      await store.put('emil', 'his password');
      for (let i = 0; i < 5; i++)
        assert.equal(await users.verify(`${prefix}emil`, `wrong ${i}`, from('10.0.0.1')), null);
      assert.equal(await users.verify(`${prefix}emil`, 'his password', from('10.0.0.1')), null);
      assert.ok(await users.verify(`${prefix}emil`, 'his password', from('10.0.0.2')));
    });

    test('users are listed by a part of their name and by role, a page at a time', async () => {
      for (const name of ['fay', 'fay2', 'fay3'])
        await store.put(name, 'a password', name === 'fay2' ? ['listed'] : []);
      const list = (search: object) => users.list({ name: `${prefix}FAY`, offset: 0, limit: 10, ...search });
      const names = async (search: object) => (await list(search)).users.map(({ name }) => name);
      assert.deepEqual(await names({}), [`${prefix}fay`, `${prefix}fay2`, `${prefix}fay3`]);
      const page = await list({ offset: 1, limit: 1 });
      assert.deepEqual([page.total, page.users[0]?.name], [3, `${prefix}fay2`]);
      assert.deepEqual(await names({ role: 'listed' }), [`${prefix}fay2`]);
    });
  });
}
