/** The interface of user stores: who may log in, and with which roles. */

import { OperatorError } from '../../platform/operator-error.ts';
import { RestError } from '../../platform/rest-error.ts';
import type { StoreTransaction } from '../stores/store.ts';

export interface User {
  /** Without the tenant; with the user store, if it is not the primary one: `CORP/mary`. */
  readonly name: string;
  readonly tenant: string;
  /** `name@tenant`: the `sub` of tokens. Nobody else in any user store has it. */
  readonly fullName: string;
  readonly roles: readonly string[];
}

export interface UserStore {
  /** All that it says of users stands in the store, so it stays true until the store's version changes (`StoreHead`). */
  readonly areInStore?: boolean;
  /**
   * The user with this name and password; null when there is none. Names may be written `admin`,
   * `admin@carbon.super`, `PRIMARY/admin` or `CORP/mary`; who names no user store is looked for in several. Takes the same time whether the name or the password is wrong. After many
   * wrong passwords from the same address, the next ones are refused unseen for a while.
   * @throws UserStoreBusyError when too many log in at once, or it took too long until it was its turn;
   * UserStoreUnavailableError when a server that has to be asked can't be.
   */
  verify(name: string, password: string, from?: LogInSource): Promise<User | null>;
  /**
   * Milliseconds for which `verify` refuses this name from there unseen, after many wrong passwords; 0 = it does not. It is the
   * same whether or not there is such a user.
   */
  heldOff(name: string, from: LogInSource): number;
  /**
   * The user of this name. Without a user store it is that of the primary one: what was given to him must not be
   * another one's who has the same name elsewhere.
   */
  find(name: string): Promise<User | null>;
  /**
   * Makes a user. `decide` runs in the same transaction.
   * @throws UserStoreError when the name is taken, or name or password are not of the expected form,
   * UserStoreBusyError as `verify`.
   */
  create(user: NewUser, decide?: Decide): Promise<User>;
  /**
   * Sets a new password. `decide` runs in the same transaction: what it revokes is revoked with the old password.
   * False when there is no such user.
   */
  changePassword(name: string, password: string, decide?: Decide): Promise<boolean>;
  /** The name of the user store to which this name belongs, if it is only read here; null = it is not. Absent = none is. */
  readOnlyStoreOf?(name: string): string | null;
  /** Replaces the roles. `decide` as in `changePassword`, with the user as he was. */
  setRoles(name: string, roles: readonly string[], decide?: Decide): Promise<boolean>;
  /** Users by name, those that wait for approval left out, and the number of all that fit. */
  list(search: UserSearch): Promise<{ users: User[]; total: number }>;
  /** Every role that somebody has, with the number of those who have it. */
  roles(): Promise<{ name: string; users: number }[]>;
  /** Deletes a user. `decide` as in `changePassword`. */
  delete(name: string, decide?: Decide): Promise<boolean>;
}

export interface NewUser {
  readonly name: string;
  readonly password: string;
  readonly roles: readonly string[];
  /** Nobody has approved it yet: the name is taken, but nobody logs in or is found by it. */
  readonly pending?: boolean;
  /** Who asks for it; absent = we ourselves. */
  readonly from?: LogInSource;
}

export interface UserSearch {
  /** Part of the name, whatever the case. */
  readonly name?: string;
  readonly role?: string;
  readonly offset: number;
  readonly limit: number;
}

/** Who sends a password. Absent: we ourselves. */
export interface LogInSource {
  /** Strangers have a queue of their own, so that a flood of them keeps out nobody but strangers. */
  readonly kind: 'authenticated client' | 'stranger';
  /** IP address. */
  readonly address: string;
  /** Whether nobody waits for the answer any more. */
  readonly gone: () => boolean;
}

export type Decide = (tx: StoreTransaction, user: User) => Promise<void>;

/** What was asked of the store can't be done; the message says what was expected. */
export class UserStoreError extends OperatorError {
  override name = 'UserStoreError';
}

/** Somebody else has the name. */
export class NameTakenError extends UserStoreError {
  override name = 'UserStoreError';
}

/** More log-ins at once than there are computations for; try again later. */
export class UserStoreBusyError extends Error {
  override name = 'UserStoreBusyError';
}

/** A server that knows the users does not answer. */
export class UserStoreUnavailableError extends RestError {
  override name = 'UserStoreUnavailableError';

  constructor(store: string, options: { readonly cause?: unknown } = {}) {
    super(503, `the user store ${store} does not answer; try again later`, [], { 'retry-after': '5' });
    this.cause = options.cause;
  }
}
