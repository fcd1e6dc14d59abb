/** The caller's own account: signing up, and a new password. */
import { recordAudit } from '../../../adapters/stores/audit-log.ts';
import { revokedSince } from '../../../adapters/stores/revocations.ts';
import { signUp as makeAccount } from '../../../adapters/user-stores/sign-up.ts';
import { UserStoreBusyError, UserStoreError } from '../../../adapters/user-stores/user-store.ts';
import { RestError } from '../../../platform/rest-error.ts';
import { type ControlPlaneDeps, seconds } from '../../deps.ts';
import type * as dto from '../../rest/definitions/developer-portal.ts';
import { accepted, type Operation, type Operations, ok, type RestCall } from '../../rest/operation.ts';
import { needsApproval } from '../../services/workflows/workflows.ts';
import { waiting } from './applications.ts';

const changePassword: Operation = async (call, deps) => {
  const { caller } = call;
  const { currentPassword, newPassword } = call.json<dto.CurrentAndNewPasswords>();
  if (!currentPassword || !newPassword) throw new RestError(400, 'Expected currentPassword and newPassword.');
  const { revokedAll: beganAt } = await deps.store.head();
  await asRestErrors(async () => {
    if (!(await deps.users.verify(caller.name, currentPassword, sourceOf(call)))) {
      throw new RestError(400, 'currentPassword: that is not your password.');
    }
    await deps.users.changePassword(caller.name, newPassword, async (tx, user) => {
      if (await revokedSince(tx.db, beganAt, { subject: user.fullName, client: '' }, seconds(deps.clock))) {
        throw new RestError(409, 'Your password was changed meanwhile; log in once more.');
      }
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
  const { username, ...rest } = call.json<dto.User>();
  const pending = needsApproval(deps, 'USER_SIGNUP');
  const given = { ...rest, name: username };
  await asRestErrors(() => makeAccount(deps, pending ? 'approval' : 'open', given, sourceOf(call)));
  return pending ? accepted(waiting({ username })) : { status: 201, body: { username } };
};

export const account: Operations = {
  'POST /me/change-password': changePassword,
  'POST /self-signup': { guard: requireSignUp, run: signUp },
};

/** A stranger, until the password has turned out to be right. */
const sourceOf = ({ request }: RestCall) =>
  ({ kind: 'stranger', address: request.ip, gone: () => request.raw.destroyed }) as const;

async function asRestErrors<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof UserStoreBusyError) throw new RestError(503, error.message, [], { 'retry-after': '1' });
    if (!(error instanceof UserStoreError)) throw error;
    throw new RestError(/already$/.test(error.message) ? 409 : 400, `${error.message}.`);
  }
}
