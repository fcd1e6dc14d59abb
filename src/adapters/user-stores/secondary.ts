/**
 * The interface of user stores beside the primary one: who of others' users may log in here, and with which of their
 * roles. They are read, and never written. Names are without user store and tenant.
 */
import type { Clock } from '../../platform/clock.ts';
import type { EventLog } from '../../platform/log.ts';
import type { UserStoreOptions } from './options.ts';
import type { LogInSource, UserSearch } from './user-store.ts';

export interface Member {
  /** In the one way in which the store itself writes it. Without `/` and `@`. */
  readonly name: string;
  /** As the store calls them. */
  readonly roles: readonly string[];
}

export interface SecondaryUserStore {
  /**
   * The user with this name and password; null when there is none, in the same time whichever is wrong, also when an
   * empty password is given.
   * @throws UserStoreBusyError, UserStoreUnavailableError
   */
  verify(name: string, password: string, from?: LogInSource): Promise<Member | null>;
  /** As in `UserStore`; absent = only `verify` can tell. */
  heldOff?(name: string, from: LogInSource): number;
  /** Asked whenever something is issued for a user: null ends what he has. @throws UserStoreUnavailableError */
  find(name: string): Promise<Member | null>;
  /** Users by name, and the number of all that fit. `search.role` is one of the store's own. */
  list(search: UserSearch): Promise<{ users: Member[]; total: number }>;
  close(): Promise<void>;
}

export interface SecondaryDeps {
  /** In capitals. */
  readonly name: string;
  readonly options: UserStoreOptions;
  readonly clock: Clock;
  readonly log: EventLog;
}

/** Opens one. @throws OperatorError when its options or what they name can't be used */
export type OpenSecondary = (deps: SecondaryDeps) => Promise<SecondaryUserStore>;

/** The names that a user can have here: with others a subject could be taken for another one. */
export const isMemberName = (name: string): boolean => /^[^/@\p{Cc}]{1,128}$/u.test(name);
