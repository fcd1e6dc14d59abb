/** GET and POST /samlsso: a service provider asks who the browser's user is (SAML 2.0 Web Browser SSO Profile), and is answered. */
import type { SessionRow } from '../../adapters/stores/sessions.ts';
import { samlStatus } from '../../core/saml.ts';
import type { Call, KeyManager, Step } from '../call.ts';
import { rejectRepeatedParameters } from '../checks/reject-repeated-parameters.ts';
import { findSession } from '../log-in/sessions.ts';
import { showLogIn } from '../pages/log-in.ts';
import { acceptRequest } from '../service-providers/accept-request.ts';
import { answerWith, refuseTo, responder } from '../service-providers/answer.ts';
import { beginUnsolicited } from '../service-providers/begin-unsolicited.ts';
import { continueAt, openSignOn, type SignOn } from '../service-providers/sign-on.ts';

const readRequest: Step = async (call, km) => {
  const { form, request } = call;
  const isUnsolicited = request.method === 'GET' && form.get('SAMLRequest') === null && form.get('spEntityID') !== null;
  call.signOn = isUnsolicited ? await beginUnsolicited(call, km) : await acceptRequest(call, km);
};

/** With a form from elsewhere browsers send no cookies: it is not known here whose it is, until he comes by an address. */
const leaveForm: Step = ({ request, reply, signOn }, km) => {
  if (request.method !== 'POST') return;
  reply
    .code(303)
    .header('location', km.options.publicUrl + continueAt(km, signOn))
    .send();
};

const readSealed: Step = async (call, km) => {
  call.signOn = await openSignOn(km, call.form.require('request'));
};

const refuseUnmet: Step = (call, km) =>
  call.signOn.refusal ? refuseTo(call, km, call.signOn, call.signOn.refusal) : undefined;

const requireLogIn: Step = async (call, km) => {
  const { signOn, request } = call;
  call.session = await findSession(km, request);
  if (isFresh(call.session, signOn)) return;
  if (signOn.passive) {
    return refuseTo(call, km, signOn, responder(samlStatus.noPassive, 'nobody has logged in in this browser'));
  }
  const askedIn = call.session?.secret_hash ?? '';
  const asked = { fresh: signOn.forced, maxAge: null, hint: null };
  return showLogIn(call, km, { query: '', backTo: continueAt(km, { ...signOn, askedIn }), asked, hint: null });
};

/**
 * Who has logged in since he was asked to is not asked again: with a log-in the browser gets another secret. One elsewhere may rest
 * on what he showed there before.
 */
function isFresh(session: SessionRow | null, { forced, askedIn, since }: SignOn): boolean {
  if (!session || !forced) return session !== null;
  return askedIn !== null && askedIn !== session.secret_hash && session.authenticated_at >= since;
}

const answer: Step = (call: Call, km: KeyManager) => answerWith(call, km, call.signOn, call.session as SessionRow);

export const samlSignOn: readonly Step[] = [
  rejectRepeatedParameters,
  readRequest,
  leaveForm,
  refuseUnmet,
  requireLogIn,
  answer,
];

export const continueSamlSignOn: readonly Step[] = [
  rejectRepeatedParameters,
  readSealed,
  refuseUnmet,
  requireLogIn,
  answer,
];
