/** Users as administrators see them. What a user had is revoked in the transaction that takes it from him. */
import { revokeApiKeysBy } from '../../../adapters/stores/api-keys.ts';
import { recordAudit } from '../../../adapters/stores/audit-log.ts';
import type { StoreTransaction } from '../../../adapters/stores/store.ts';
import { countRoles, ownsSomething } from '../../../adapters/stores/users.ts';
import { refuseReservedName } from '../../../adapters/user-stores/reserved-names.ts';
import {
  NameTakenError,
  type User,
  UserStoreBusyError,
  UserStoreError,
} from '../../../adapters/user-stores/user-store.ts';
import { RestError } from '../../../platform/rest-error.ts';
import { type ControlPlaneDeps, seconds } from '../../deps.ts';
import { readRoles } from './roles.ts';

/** @throws RestError 404 */
export async function existingUser({ users }: ControlPlaneDeps, name: string): Promise<User> {
  return found(await users.find(name), name);
}

/** @throws RestError 400, 409 when the name is taken */
export async function createUser(
  deps: ControlPlaneDeps,
  given: { readonly name: string; readonly password: string; readonly roles?: readonly string[] },
  actor: string,
): Promise<User> {
  refuseReservedName(given.name);
  const roles = readRoles(given.roles ?? []);
  const audited = async (tx: StoreTransaction, user: User) => {
    if (await ownsSomething(tx.db, user.fullName)) {
      throw new RestError(
        409,
        `A former user ${user.name} has left applications, clients or APIs; change their owner first, or choose another name.`,
      );
    }
    await audit(tx, deps, actor, 'create', user, undefined, { roles: user.roles });
  };
  return refusing(deps.users.create({ ...given, roles }, audited));
}

/** Replaces the roles of a user. Tokens that he got with a role that he loses are revoked. @throws RestError 400, 404, 409 */
export async function changeRoles(
  deps: ControlPlaneDeps,
  name: string,
  asked: readonly string[],
  actor: string,
): Promise<void> {
  const roles = readRoles(asked);
  const done = deps.users.setRoles(name, roles, async (tx, before) => {
    if (before.roles.some((role) => !roles.includes(role))) {
      await revokeAll(tx, deps, before);
      await keepAnAdmin(tx, before);
    }
    await audit(tx, deps, actor, 'update', before, { roles: before.roles }, { roles });
  });
  found((await refusing(done)) || null, name);
}

/** Sets another password; everything that was issued for the user is revoked. @throws RestError 400, 404 */
export async function resetPassword(
  deps: ControlPlaneDeps,
  name: string,
  password: string,
  actor: string,
): Promise<void> {
  const done = deps.users.changePassword(name, password, async (tx, user) => {
    await revokeAll(tx, deps, user);
    await audit(tx, deps, actor, 'reset-password', user);
  });
  found((await refusing(done)) || null, name);
}

/** Revokes everything that was issued for the user. @throws RestError 404 */
export async function revokeTokens(deps: ControlPlaneDeps, name: string, actor: string): Promise<void> {
  const user = await existingUser(deps, name);
  await deps.store.transaction(async (tx) => {
    await revokeAll(tx, deps, user);
    await audit(tx, deps, actor, 'revoke-tokens', user);
  });
}

/** Deletes a user; everything that was issued for him is revoked. His applications stay. @throws RestError 404, 409 */
export async function removeUser(deps: ControlPlaneDeps, name: string, actor: string): Promise<void> {
  const done = deps.users.delete(name, async (tx, user) => {
    await keepAnAdmin(tx, user);
    await revokeAll(tx, deps, user);
    await audit(tx, deps, actor, 'delete', user, { roles: user.roles });
  });
  found((await refusing(done)) || null, name);
}

/** His tokens, those of his applications that speak for him, and the API keys that he made. */
async function revokeAll(tx: StoreTransaction, deps: ControlPlaneDeps, { fullName }: User): Promise<void> {
  await deps.keyManager.revoker.revokeSubject(fullName, tx);
  await revokeApiKeysBy(tx, fullName, seconds(deps.clock));
}

/** Asked after the change, in its transaction: two that go at once don't leave nobody. */
async function keepAnAdmin(tx: StoreTransaction, before: User): Promise<void> {
  if (!before.roles.includes('admin')) return;
  const roles = await countRoles(tx.db, before.tenant);
  if (!roles.some(({ name }) => name === 'admin')) {
    throw new RestError(409, `${before.name} is the last user with the role admin; give it to another one first.`);
  }
}

function found<T>(value: T | null, name: string): T {
  if (value === null) throw new RestError(404, `There is no user ${name}.`);
  return value;
}

async function refusing<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof NameTakenError) throw new RestError(409, `${sentence(error.message)}.`);
    if (error instanceof UserStoreError) throw new RestError(400, `${sentence(error.message)}.`);
    if (error instanceof UserStoreBusyError) throw new RestError(503, error.message, [], { 'retry-after': '1' });
    throw error;
  }
}

const sentence = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

function audit(
  tx: StoreTransaction,
  { clock }: ControlPlaneDeps,
  actor: string,
  action: string,
  { fullName }: User,
  before?: unknown,
  after?: unknown,
): Promise<void> {
  return recordAudit(tx, { actor, action, kind: 'user', id: fullName, name: fullName, before, after, at: clock.now() });
}
