/** GET /oauth2/device and POST /oauth2/device-consent: where somebody lets a device in (RFC 8628 section 3.3). */
import { findClient } from '../../adapters/stores/clients.ts';
import { changeDevice, countGuess, findWaitingDevice, wrongGuesses } from '../../adapters/stores/device-codes.ts';
import { findSession as findSessionRow, linkSession } from '../../adapters/stores/sessions.ts';
import { type Step, seconds } from '../call.ts';
import { rejectRepeatedParameters } from '../checks/reject-repeated-parameters.ts';
import { rememberBeginning } from '../checks/remember-beginning.ts';
import { shownName } from '../clients/clients.ts';
import { readUserCode } from '../device/user-code.ts';
import { parseForm } from '../form.ts';
import { openInteraction } from '../log-in/interaction.ts';
import { logInOf, writeLogIn } from '../log-in/log-in.ts';
import { findSession } from '../log-in/sessions.ts';
import { OAuthError } from '../oauth-error.ts';
import { devicePath, showCodeEntry, showDeviceConfirmation, showDeviceDecided } from '../pages/device.ts';
import { showLogIn } from '../pages/log-in.ts';
import { givenScopes } from '../tokens/given-scopes.ts';
import { readScope, writeScope } from '../tokens/scopes.ts';
import { tokenHash } from '../tokens/token-hash.ts';

/** Wrong codes that a user may type within this time, in seconds (section 5.1). */
const mostGuesses = 10;
const guessWindow = 600;

const noDevice = 'No device waits for this code. It may have expired: let the device show a new one.';

const showDevice: Step = async (call, km) => {
  const typed = call.form.get('user_code');
  if (typed === null) return showCodeEntry(call, km);
  const userCode = readUserCode(typed);
  if (userCode === null) return showCodeEntry(call, km, { typed, problem: 'A code is eight letters, as WDJB-MJHT.' });
  // Only who has logged in learns whether there is such a code, and is counted by who he is, wherever he comes from.
  const session = await findSession(km, call.request);
  if (!session) return showLogIn(call, km, { query: '', backTo: `${devicePath}?user_code=${userCode}`, hint: null });
  const now = seconds(km.clock);
  if ((await wrongGuesses(km.store.db, session.subject, now)) >= mostGuesses) {
    throw new OAuthError('access_denied', 'too many wrong codes; try again in some minutes', 429);
  }
  const device = await findWaitingDevice(km.store.db, tokenHash(userCode), now);
  const client = device && (await findClient(km.store.db, device.consumer_key));
  if (!device || client?.state !== 'ACTIVE') {
    await km.write((tx) => countGuess(tx, session.subject, now, now + guessWindow));
    return showCodeEntry(call, km, { typed, problem: noDevice });
  }
  const name = await shownName(km.store.db, client);
  const scopes = await givenScopes(km, client, session.subject, readScope(device.scope));
  await showDeviceConfirmation(call, km, { name, scopes, userCode, session });
};

const decide: Step = async (call, km) => {
  const { query, backTo, scopes = [], session: shownIn } = openInteraction(call, km);
  if (backTo !== devicePath) throw new OAuthError('invalid_request', 'this page was about something else');
  const session = await findSession(km, call.request);
  if (!session || session.id !== shownIn) throw nobody();
  const agreed = call.form.require('decision') === 'agree';
  const userCode = parseForm(Buffer.from(query)).require('user_code');
  const logIn = logInOf(session, null);
  const decided = await km.write(async (tx) => {
    const device = await findWaitingDevice(tx.db, tokenHash(userCode), seconds(km.clock));
    if (!device) return false;
    if (!agreed) return changeDevice(tx, device.id, 'PENDING', { state: 'DENIED' });
    const { subject } = session;
    if (!(await findSessionRow(tx.db, session.id))) throw nobody();
    await linkSession(tx, { session_id: session.id, consumer_key: device.consumer_key, family: device.id });
    const approval = {
      ...({ state: 'APPROVED', subject, scope: writeScope(scopes) } as const),
      ...{ log_in: writeLogIn(logIn), began_at: call.beganAt },
    };
    return changeDevice(tx, device.id, 'PENDING', approval);
  });
  if (!decided) return showCodeEntry(call, km, { problem: noDevice });
  showDeviceDecided(call, agreed);
};

const nobody = (): OAuthError =>
  new OAuthError('access_denied', 'somebody else has logged in meanwhile, or nobody; begin once more', 403);

export const device: readonly Step[] = [rejectRepeatedParameters, showDevice];
export const deviceConsent: readonly Step[] = [rejectRepeatedParameters, rememberBeginning, decide];
