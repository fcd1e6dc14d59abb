/** Users in the store itself. */
import { randomUUID } from 'node:crypto';
import { defaultTenant, fullUserName } from '../../core/tenant.ts';
import type { Clock } from '../../platform/clock.ts';
import { removePasswordLinksOf } from '../stores/password-links.ts';
import type { Queryable, Store } from '../stores/store.ts';
import {
  countRoles,
  deleteUser,
  findUser,
  insertUser,
  rolesOf,
  rolesOfAll,
  searchUsers,
  setPasswordHash,
  setRoles,
  type UserRow,
} from '../stores/users.ts';
import { hashedPasswords, type LogInBounds } from './hashed-passwords.ts';
import { hashPassword, longestPassword } from './password.ts';
import { isPrimary, readUserName } from './user-name.ts';
import { NameTakenError, type User, type UserStore, UserStoreError } from './user-store.ts';

const namePattern = /^[A-Za-z0-9._|-]{3,30}$/;
const passwordLength = { least: 5, most: longestPassword };

export function databaseUserStore(store: Store, clock: Clock, bounds?: LogInBounds): UserStore {
  const passwords = hashedPasswords(clock, bounds);

  const row = async (text: string): Promise<UserRow | null> => {
    const name = readUserName(text);
    const found = name && isPrimary(name) && (await findUser(store.db, name.tenant, name.name));
    return found && found.state === 'ACTIVE' ? found : null;
  };
  const toUser = async (user: UserRow, db: Queryable = store.db): Promise<User> => ({
    name: user.name,
    tenant: user.tenant,
    fullName: fullUserName(user.name, user.tenant),
    roles: await rolesOf(db, user.id),
  });

  return {
    areInStore: true,
    async verify(name, password, from) {
      const user = await row(name);
      if (password.length > passwordLength.most) return null;
      const known = countedName(name);
      const right = await passwords.verify(known, user?.password_hash ?? null, password, from);
      return user && right ? toUser(user) : null;
    },
    heldOff: (name, from) => passwords.heldOff(countedName(name), from),
    async find(name) {
      const user = await row(name);
      return user && toUser(user);
    },
    async create({ name, password, roles, pending = false, from }, decide) {
      if (!namePattern.test(name)) {
        throw new UserStoreError('a user name has 3 to 30 characters: letters from a to z, digits, and . _ - |');
      }
      const plain = checked(password);
      const user = {
        id: randomUUID(),
        tenant: defaultTenant,
        name,
        password_hash: await passwords.inTurn(() => hashPassword(plain), from),
        created_at: Math.floor(clock.now() / 1000),
        state: pending ? ('PENDING' as const) : ('ACTIVE' as const),
      };
      const created = { name, tenant: user.tenant, fullName: fullUserName(name, user.tenant), roles };
      await store.transaction(async (tx) => {
        if (!(await insertUser(tx.db, user, roles))) throw new NameTakenError(`there is a user ${name} already`);
        await decide?.(tx, created);
      });
      return toUser(user);
    },
    async changePassword(name, password, decide) {
      const found = await row(name);
      if (!found) return false;
      // Before the transaction: it would keep every other one waiting.
      const hash = await passwords.inTurn(() => hashPassword(checked(password)), undefined);
      const user = await toUser(found);
      await store.transaction(async (tx) => {
        await setPasswordHash(tx.db, found.id, hash);
        await decide?.(tx, user);
        // A link for a new password was for the one that is gone.
        await removePasswordLinksOf(tx, found.id);
      });
      return true;
    },
    async setRoles(name, roles, decide) {
      const found = await row(name);
      if (!found) return false;
      await store.transaction(async (tx) => {
        const before = await toUser(found, tx.db);
        await setRoles(tx.db, found.id, roles);
        await decide?.(tx, before);
      });
      return true;
    },
    async list(search) {
      const { rows, total } = await searchUsers(store.db, defaultTenant, search);
      const roles = await rolesOfAll(
        store.db,
        rows.map(({ id }) => id),
      );
      const users = rows.map(({ id, name, tenant }) => ({
        name,
        tenant,
        fullName: fullUserName(name, tenant),
        roles: roles.get(id) ?? [],
      }));
      return { users, total };
    },
    roles: () => countRoles(store.db, defaultTenant),
    async delete(name, decide) {
      const found = await row(name);
      if (!found) return false;
      const user = await toUser(found);
      await store.transaction(async (tx) => {
        await deleteUser(tx.db, found.id);
        await decide?.(tx, user);
      });
      return true;
    },
  };
}

/** However it is written; what can be no user's is one name. */
const countedName = (name: string): string => readUserName(name)?.name ?? '';

function checked(password: string): string {
  const { least, most } = passwordLength;
  if (password.length < least || password.length > most) {
    throw new UserStoreError(`a password has ${least} to ${most} characters`);
  }
  return password;
}
