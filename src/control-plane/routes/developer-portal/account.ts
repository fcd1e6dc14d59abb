/** The caller's own account: signing up, and a new password. */
import { recordAudit } from '../../../adapters/stores/audit-log.ts';
import { findUser, insertProfile, ownsSomething } from '../../../adapters/stores/users.ts';
import { UserStoreBusyError, UserStoreError } from '../../../adapters/user-stores/user-store.ts';
import { hasHiddenCharacters, hiddenCharacters } from '../../../core/hidden-characters.ts';
import { defaultTenant } from '../../../core/tenant.ts';
import { RestError } from '../../../platform/rest-error.ts';
import type { ControlPlaneDeps } from '../../deps.ts';
import type * as dto from '../../rest/definitions/developer-portal.ts';
import { accepted, type Operation, type Operations, ok, type RestCall } from '../../rest/operation.ts';
import { refuseReservedName } from '../../services/users/reserved-names.ts';
import { needsApproval, startWorkflow } from '../../services/workflows/workflows.ts';
import { waiting } from './applications.ts';

/** What who signs up may do; the same as what every user has. */
const roles = ['Internal/everyone', 'Internal/subscriber'];

const changePassword: Operation = async (call, deps) => {
  const { caller } = call;
  const { currentPassword, newPassword } = call.json<dto.CurrentAndNewPasswords>();
  if (!currentPassword || !newPassword) throw new RestError(400, 'Expected currentPassword and newPassword.');
  await asRestErrors(async () => {
    if (!(await deps.users.verify(caller.name, currentPassword, sourceOf(call)))) {
      throw new RestError(400, 'currentPassword: that is not your password.');
    }
    await deps.users.changePassword(caller.name, newPassword, async (tx, user) => {
      await deps.keyManager.revoker.revokeSubject(user.fullName, tx);
      await recordAudit(tx, {
        actor: caller.fullName,
        action: 'change-password',
        kind: 'user',
        id: user.fullName,
        name: user.name,
        at: deps.clock.now(),
      });
    });
  });
  return ok();
};

function requireSignUp({ developerPortal }: ControlPlaneDeps): void {
  if (developerPortal.selfSignUp) return;
  throw new RestError(403, 'Nobody can sign up here; the option is developerPortal.selfSignUp.');
}

const signUp: Operation = async (call, deps) => {
  const { username, password, firstName, lastName, email } = call.json<dto.User>();
  refuseReservedName(username);
  const profile = { first_name: text('firstName', firstName), last_name: text('lastName', lastName) };
  if (!/^[^\s@]{1,64}@[^\s@]{1,253}$/.test(email)) throw new RestError(400, 'email: expected an address.');
  const pending = needsApproval(deps, 'USER_SIGNUP');
  await asRestErrors(() =>
    deps.users.create({ name: username, password, roles, pending, from: sourceOf(call) }, async (tx, user) => {
      if (await ownsSomething(tx.db, user.fullName)) throw new UserStoreError(`the name ${user.name} is taken already`);
      const row = await findUser(tx.db, user.tenant, user.name);
      if (row) await insertProfile(tx.db, { user_id: row.id, ...profile, email });
      await recordAudit(tx, {
        actor: user.fullName,
        action: 'sign-up',
        kind: 'user',
        id: user.fullName,
        name: user.name,
        after: { roles, pending },
        at: deps.clock.now(),
      });
      if (!pending) return;
      await startWorkflow(tx, deps, {
        type: 'USER_SIGNUP',
        subjectId: user.name,
        requester: user.fullName,
        tenant: defaultTenant,
        properties: { userName: user.name, firstName, lastName, email },
        description: `Sign up the user ${user.name}`,
      });
    }),
  );
  return pending ? accepted(waiting({ username })) : { status: 201, body: { username } };
};

export const account: Operations = {
  'POST /me/change-password': changePassword,
  'POST /self-signup': { guard: requireSignUp, run: signUp },
};

/** A stranger, until the password has turned out to be right. */
const sourceOf = ({ request }: RestCall) =>
  ({ kind: 'stranger', address: request.ip, gone: () => request.raw.destroyed }) as const;

function text(name: string, value: string): string {
  if (value !== '' && value.length <= 100 && !hasHiddenCharacters(value)) return value;
  throw new RestError(400, `${name}: expected 1 to 100 characters, no ${hiddenCharacters}.`);
}

async function asRestErrors<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof UserStoreBusyError) throw new RestError(503, error.message, [], { 'retry-after': '1' });
    if (!(error instanceof UserStoreError)) throw error;
    throw new RestError(/already$/.test(error.message) ? 409 : 400, `${error.message}.`);
  }
}
