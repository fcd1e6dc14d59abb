/** GET and POST /oauth2/account: what a user sees of his sessions and of the applications that act for him, and ends. */
import type { SessionRow } from '../../adapters/stores/sessions.ts';
import { AccountError, type Notice, notices } from '../account/action.ts';
import { accountActions } from '../account/index.ts';
import type { Call, KeyManager, Step } from '../call.ts';
import { rejectRepeatedParameters } from '../checks/reject-repeated-parameters.ts';
import { rememberBeginning } from '../checks/remember-beginning.ts';
import { openInteraction } from '../log-in/interaction.ts';
import { findSession } from '../log-in/sessions.ts';
import { OAuthError } from '../oauth-error.ts';
import { showAccount } from '../pages/account.ts';
import { showLogIn } from '../pages/log-in.ts';

const path = '/oauth2/account';

const requireSession: Step = async (call, km) => {
  call.session = await findSession(km, call.request);
  if (!call.session) await showLogIn(call, km, { query: '', backTo: path, hint: null });
};

const show: Step = (call, km) => {
  if (call.request.method === 'POST') return;
  const done = call.form.get('done') ?? '';
  return showAccount(call, km, { notice: Object.hasOwn(notices, done) ? notices[done as Notice] : null });
};

/** The form is of a page that was shown to this user, in this browser. */
const requireOwnForm: Step = (call, km) => {
  if (openInteraction(call, km).session === call.session?.id) return;
  throw new OAuthError(
    'access_denied',
    'somebody else has logged in meanwhile; open the page of your account again',
    403,
  );
};

const act: Step = async (call, km) => {
  const name = call.form.require('action');
  const action = accountActions.get(name);
  if (!action) {
    throw new OAuthError('invalid_request', `action: expected one of ${[...accountActions.keys()].join(', ')}`);
  }
  try {
    const notice = await action(call, km, call.session as SessionRow);
    if (notice) call.reply.code(303).header('location', `${km.options.publicUrl}${path}?done=${notice}`).send();
  } catch (error) {
    if (!(error instanceof AccountError)) throw error;
    await refuse(call, km, error);
  }
};

function refuse(call: Call, km: KeyManager, { message, status, wait }: AccountError): Promise<void> {
  if (wait > 0) call.reply.header('retry-after', String(wait));
  return showAccount(call, km, { notice: null, problem: { message, status } });
}

export const account: readonly Step[] = [
  rejectRepeatedParameters,
  rememberBeginning,
  requireSession,
  show,
  requireOwnForm,
  act,
];
