/** Opens the user stores that the configuration names, as one. */
import type { Clock } from '../../platform/clock.ts';
import type { EventLog } from '../../platform/log.ts';
import { OperatorError } from '../../platform/operator-error.ts';
import type { Store } from '../stores/store.ts';
import { secondaryUserStores, userStores } from './index.ts';
import { roleMapper } from './map-roles.ts';
import type { UserStoreOptions } from './options.ts';
import { type Secondary, severalUserStores } from './several.ts';
import type { UserStore } from './user-store.ts';

export interface OpenUserStores {
  readonly users: UserStore;
  close(): Promise<void>;
}

/** @throws OperatorError that names the store which can't be opened */
export async function openUserStores(
  { store, clock, log }: { readonly store: Store; readonly clock: Clock; readonly log: EventLog },
  configured: ReadonlyMap<string, UserStoreOptions>,
): Promise<OpenUserStores> {
  const first = (await userStores.database())(store, clock);
  const secondary = new Map<string, Secondary>();
  const close = async (): Promise<void> => {
    for (const one of secondary.values()) await one.store.close();
  };
  for (const [given, options] of configured) {
    const name = given.toUpperCase();
    try {
      const open = await secondaryUserStores[options.kind]();
      const opened = await open({ name, options, clock, log });
      secondary.set(name, { store: opened, search: options.search, mapRoles: roleMapper(name, options) });
    } catch (error) {
      await close();
      if (error instanceof OperatorError) throw new OperatorError(`userStores.${given}: ${error.message}`);
      throw error;
    }
  }
  return { users: secondary.size === 0 ? first : severalUserStores(first, secondary), close };
}
