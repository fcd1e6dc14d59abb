/**
 * Users in a file: TOML with a table each. It is looked at whenever somebody asks, and read again when it has changed;
 * what is malformed is told the log, and the users before stay.
 */
import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { hashedPasswords } from './hashed-passwords.ts';
import { longestPassword } from './password.ts';
import { type FileUser, readUsersFile } from './read-users-file.ts';
import type { Member, OpenSecondary } from './secondary.ts';

export const openFileUsers: OpenSecondary = async ({ name: domain, options, clock, log }) => {
  const file = resolve(options.file);
  const passwords = hashedPasswords(clock);
  let users = await readUsersFile(file);
  let seen = await signOf(file);
  const current = async (): Promise<ReadonlyMap<string, FileUser>> => {
    const sign = await signOf(file);
    if (sign === seen) return users;
    seen = sign;
    try {
      users = await readUsersFile(file);
      log.info({ store: domain, users: users.size }, 'the users of a file were read again');
    } catch (error) {
      log.error(
        { store: domain, reason: (error as Error).message },
        'a file of users can not be used; those before stay',
      );
    }
    return users;
  };
  const toMember = (name: string, { roles }: FileUser): Member => ({ name, roles });
  const active = (found: FileUser | undefined): FileUser | null => (found && !found.disabled ? found : null);

  return {
    async verify(name, password, from) {
      const user = active((await current()).get(name));
      if (password.length > longestPassword) return null;
      const right = await passwords.verify(name, user?.password ?? null, password, from);
      return user && right ? toMember(name, user) : null;
    },
    heldOff: (name, from) => passwords.heldOff(name, from),
    async find(name) {
      const user = active((await current()).get(name));
      return user && toMember(name, user);
    },
    async list({ name, role, offset, limit }) {
      const part = name?.toLowerCase() ?? '';
      const all = [...(await current())].filter(
        ([one, user]) =>
          active(user) && one.toLowerCase().includes(part) && (role === undefined || user.roles.includes(role)),
      );
      const page = all.toSorted(([a], [b]) => (a < b ? -1 : 1)).slice(offset, offset + limit);
      return { users: page.map(([one, user]) => toMember(one, user)), total: all.length };
    },
    async close() {},
  };
};

/** Changes when the file does. One that is away is a change too. */
async function signOf(file: string): Promise<string> {
  const found = await stat(file, { bigint: true }).catch(() => null);
  return found === null ? '' : `${found.ino} ${found.size} ${found.mtimeNs}`;
}
