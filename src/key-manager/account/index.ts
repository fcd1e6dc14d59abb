/** Every action, by the value of the form's field `action`. */
import type { AccountAction } from './action.ts';
import { revokeAll, revokeOne } from './applications.ts';
import { changePassword } from './change-password.ts';
import { endOne, endOthers, logOut } from './sessions.ts';

export const accountActions: ReadonlyMap<string, AccountAction> = new Map([
  ['end-session', endOne],
  ['end-other-sessions', endOthers],
  ['revoke', revokeOne],
  ['revoke-all', revokeAll],
  ['change-password', changePassword],
  ['log-out', logOut],
]);
