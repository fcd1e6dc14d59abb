/**
 * A user changes his password: what was issued for him ends, and so does every other session. Of two that change it at once
 * the second is refused: the old password, which he has shown, is no longer his.
 */
import { recordAudit } from '../../adapters/stores/audit-log.ts';
import { UserStoreError } from '../../adapters/user-stores/user-store.ts';
import { heldOff } from '../endpoints/log-in.ts';
import { logInSource } from '../log-in/log-in-source.ts';
import { beginSession } from '../log-in/sessions.ts';
import { duration } from '../pages/log-in.ts';
import { type AccountAction, AccountError } from './action.ts';

export const changePassword: AccountAction = async ({ form, request, reply, beganAt }, km, { subject }) => {
  const [old, fresh] = [form.get('old') ?? '', form.get('new') ?? ''];
  if (fresh !== (form.get('again') ?? '')) throw new AccountError('The two new passwords are not the same.');
  const source = logInSource(km, request, 'stranger');
  const held = heldOff(km, subject, source);
  if (held > 0) throw new AccountError(`Too many wrong passwords. Try again in ${duration(held)}.`, 429, held);
  const user = await km.users.verify(subject, old, source);
  if (!user) throw new AccountError('The current password is wrong.', 401);
  await withMessage(() =>
    km.users.changePassword(subject, fresh, async (tx) => {
      await km.revoker.revokeSubject(subject, tx);
      // The user has just shown who he is, and is the only one who knows the new password; unless the old one was gone
      // before his turn came.
      const begin = { user, methods: ['pwd'], address: source.address, beganAt, former: null };
      await beginSession(km, request, reply, begin, tx);
      await recordAudit(tx, {
        actor: subject,
        action: 'change-password',
        kind: 'user',
        id: subject,
        name: user.name,
        at: km.clock.now(),
      });
    }),
  );
  return 'password-changed';
};

async function withMessage(change: () => Promise<boolean>): Promise<void> {
  try {
    if (await change()) return;
  } catch (error) {
    if (!(error instanceof UserStoreError)) throw error;
    throw new AccountError(`${error.message.charAt(0).toUpperCase()}${error.message.slice(1)}.`);
  }
  throw new AccountError('Your password is not kept here; change it where you got it.');
}
