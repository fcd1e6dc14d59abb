/**
 * Several user stores as one: the primary one, which is written, and others that are read. A user of another one has its
 * name before his own, in tokens too, so that no two users of two stores are one subject.
 */
import { defaultTenant } from '../../core/tenant.ts';
import type { Member, SecondaryUserStore } from './secondary.ts';
import { isPrimary, readUserName } from './user-name.ts';
import { type User, type UserStore, UserStoreError } from './user-store.ts';

export interface Secondary {
  readonly store: SecondaryUserStore;
  /** Whether who names no user store is looked for here. */
  readonly search: boolean;
  /** The roles that a user has here who has these there. */
  readonly mapRoles: (theirs: readonly string[]) => string[];
}

/** @param secondary by name, in capitals, in the order in which they are searched */
export function severalUserStores(first: UserStore, secondary: ReadonlyMap<string, Secondary>): UserStore {
  const toUser = (domain: string, { mapRoles }: Secondary, { name, roles }: Member): User => ({
    name: `${domain}/${name}`,
    tenant: defaultTenant,
    fullName: `${domain}/${name}@${defaultTenant}`,
    roles: mapRoles(roles),
  });
  /** Null = it is the primary one's, or nobody's. */
  const placeOf = (text: string) => {
    const read = readUserName(text);
    const found = read && !isPrimary(read) ? secondary.get(read.store as string) : undefined;
    return read && found ? { ...found, domain: read.store as string, name: read.name } : null;
  };
  const findIn = async (text: string): Promise<User | null> => {
    const place = placeOf(text);
    const member = place && (await place.store.find(place.name));
    return member && toUser(place.domain, place, member);
  };
  /** @throws UserStoreError if it is a user of a store that is not written */
  const refuseOthers = async (text: string): Promise<void> => {
    const place = placeOf(text);
    if (place && (await place.store.find(place.name))) {
      throw new UserStoreError(
        `the user store ${place.domain} is only read here; change its users where they are kept`,
      );
    }
  };

  return {
    async verify(text, password, from) {
      const place = placeOf(text);
      if (place) {
        const member = await place.store.verify(place.name, password, from);
        return member && toUser(place.domain, place, member);
      }
      const user = await first.verify(text, password, from);
      const read = readUserName(text);
      if (user || !read || read.store !== null) return user;
      for (const [domain, one] of secondary) {
        const member = one.search ? await one.store.verify(read.name, password, from) : null;
        if (member) return toUser(domain, one, member);
      }
      return null;
    },
    heldOff(text, from) {
      const place = placeOf(text);
      if (place) return place.store.heldOff?.(place.name, from) ?? 0;
      const read = readUserName(text);
      const searched = read?.store === null ? [...secondary.values()].filter(({ search }) => search) : [];
      // As long as one of them looks at it, it is not refused unseen.
      const others = searched.map(({ store }) => store.heldOff?.(read?.name ?? '', from) ?? 0);
      return Math.min(first.heldOff(text, from), ...others);
    },
    find: async (text) => (placeOf(text) ? findIn(text) : first.find(text)),
    async create(user, decide) {
      const domain = readUserName(user.name)?.store ?? '';
      if (secondary.has(domain)) throw new UserStoreError(`the user store ${domain} is only read here`);
      return first.create(user, decide);
    },
    readOnlyStoreOf: (name) => placeOf(name)?.domain ?? null,
    async changePassword(name, password, decide) {
      await refuseOthers(name);
      return first.changePassword(name, password, decide);
    },
    async setRoles(name, roles, decide) {
      await refuseOthers(name);
      return first.setRoles(name, roles, decide);
    },
    async delete(name, decide) {
      await refuseOthers(name);
      return first.delete(name, decide);
    },
    async list(search) {
      // Stores elsewhere have other orders and may be large: one at a time, by its name before what is looked for.
      const [domain = '', ...rest] = (search.name ?? '').split('/');
      const place = rest.length > 0 ? secondary.get(domain.toUpperCase()) : undefined;
      if (!place) return first.list(search);
      const { name: _, ...more } = search;
      const name = rest.join('/');
      const { users, total } = await place.store.list({ ...more, ...(name !== '' && { name }) });
      return { users: users.map((member) => toUser(domain.toUpperCase(), place, member)), total };
    },
    roles: () => first.roles(),
  };
}
