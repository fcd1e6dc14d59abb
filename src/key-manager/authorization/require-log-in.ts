/** Somebody has logged in in this browser, and lately enough. */
import { consentOf } from '../../adapters/stores/consents.ts';
import { findSession as findSessionById } from '../../adapters/stores/sessions.ts';
import type { StoreTransaction } from '../../adapters/stores/store.ts';
import type { Call, KeyManager, Step } from '../call.ts';
import { seconds } from '../call.ts';
import { readDone } from '../log-in/interaction.ts';
import { findSession } from '../log-in/sessions.ts';
import { OAuthError } from '../oauth-error.ts';
import { showLogIn } from '../pages/log-in.ts';
import { showSignUp } from '../pages/sign-up.ts';
import { askedUsers } from './asked-user.ts';
import { maxAgeOf, promptOf } from './check-prompt.ts';
import { queryOf, requestQuery } from './read-request.ts';

export const requireLogIn: Step = async (call, km) => {
  call.session = await findSession(km, call.request);
  const asked = await askedUsers(call, km);
  const isAnother = call.session !== null && asked !== null && !asked.includes(call.session.subject);
  const isNone = promptOf(call.form).includes('none');
  const mayLearn = !isNone || asked === null || (await knows(call, km));
  if (!isAnother && mayLearn && isFresh(call, km)) return;
  if (isAnother && loggedInSince(call, km) !== null) {
    throw new OAuthError('login_required', 'somebody else has logged in than the client means');
  }
  if (isNone) throw new OAuthError('login_required', 'nobody has logged in');
  const hint = call.form.get('login_hint');
  const begin = { query: requestQuery(call), hint, asked: { ...freshnessOf(call), hint } };
  if (promptOf(call.form).includes('create')) return showSignUp(call, km, begin);
  await showLogIn(call, km, begin);
};

/** A client that names users and has no page shown would try out who is logged in: only one to which he has agreed learns that it is he. */
async function knows({ session, client }: Call, km: KeyManager): Promise<boolean> {
  return session !== null && (await consentOf(km.store.db, session.subject, client.consumer_key)) !== null;
}

function isFresh(call: Call, km: KeyManager): boolean {
  const { session } = call;
  if (!session) return false;
  if (hasJustLoggedIn(call, km)) return true;
  const { fresh, maxAge } = freshnessOf(call);
  return !fresh && (maxAge === null || session.authenticated_at + maxAge >= seconds(km.clock));
}

/** For this very request: he is not asked again. */
function hasJustLoggedIn(call: Call, km: KeyManager): boolean {
  const since = loggedInSince(call, km);
  return since !== null && call.session !== null && call.session.authenticated_at >= since;
}

/** Null: nobody has, for this very request. He may have shown elsewhere, and long ago, who he is. */
const loggedInSince = (call: Call, km: KeyManager): number | null => readDone(km, queryOf(call)).logInSince;

/** How lately the client wants the user to have logged in. */
export const freshnessOf = ({ form }: Call) => ({
  fresh: promptOf(form).some((one) => ['login', 'select_account', 'create'].includes(one)),
  maxAge: maxAgeOf(form),
});

/**
 * He has not logged out meanwhile: no log-out would end what is given now. To be asked in the transaction that answers.
 * @throws OAuthError login_required
 */
export async function refuseLoggedOut(tx: StoreTransaction, { session }: Call): Promise<void> {
  if (session && (await findSessionById(tx.db, session.id))) return;
  throw new OAuthError('login_required', 'the user has logged out meanwhile');
}
