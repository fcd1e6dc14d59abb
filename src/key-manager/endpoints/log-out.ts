/** GET and POST /oidc/logout (OpenID Connect RP-Initiated Logout 1.0), and the page that asks whether it is meant. */
import { queryOf } from '../authorization/read-request.ts';
import { type Call, type KeyManager, type Step, seconds } from '../call.ts';
import { rejectRepeatedParameters } from '../checks/reject-repeated-parameters.ts';
import { shownName } from '../clients/clients.ts';
import { parseForm } from '../form.ts';
import { openInteraction, sealInteraction } from '../log-in/interaction.ts';
import { endSession, findSession } from '../log-in/sessions.ts';
import { type LogOutRequest, readLogOutRequest } from '../log-out/log-out-request.ts';
import { OAuthError } from '../oauth-error.ts';
import { showLoggedOut, showLogOut, showStillLoggedIn } from '../pages/log-out.ts';

/** Browsers send no cookie with a form that comes from elsewhere, but they do when they follow a redirection. */
const askByGet: Step = ({ request, reply }, km) => {
  if (request.method !== 'POST') return;
  reply
    .code(303)
    .header('location', `${km.options.publicUrl}/oidc/logout?${queryOf({ request })}`)
    .send();
};

const askOrEnd: Step = async (call, km) => {
  const asked = await readLogOutRequest(call.form, km);
  const session = await findSession(km, call.request);
  if (!session) return leave(call, km, asked);
  // Whoever has the id token of this very session knows what he asks for; anybody else may only have made a link.
  if (asked.hint?.session === session.id && asked.hint.subject === session.subject) {
    await endSession(km, call.reply, session);
    return leave(call, km, asked);
  }
  const shown = { query: queryOf(call), shownAt: seconds(km.clock), session: session.id, logInSince: null };
  const interaction = sealInteraction(call, km, shown);
  const client = asked.client && (await shownName(km.store.db, asked.client));
  await showLogOut(call, km, { interaction, subject: session.subject, client });
};

const decide: Step = async (call, km) => {
  const { query, session: shownIn } = openInteraction(call, km);
  const asked = await readLogOutRequest(parseForm(Buffer.from(query)), km);
  const session = await findSession(km, call.request);
  if (!session) return leave(call, km, asked);
  if (session.id !== shownIn) {
    throw new OAuthError('access_denied', 'somebody else has logged in meanwhile; begin once more', 403);
  }
  if (call.form.require('decision') !== 'log-out') return showStillLoggedIn(call, km);
  await endSession(km, call.reply, session);
  leave(call, km, asked);
};

function leave(call: Call, km: KeyManager, { redirectUri }: LogOutRequest): void {
  if (redirectUri === null) return showLoggedOut(call, km);
  call.reply.code(303).header('location', redirectUri).send();
}

export const logOut: readonly Step[] = [rejectRepeatedParameters, askByGet, askOrEnd];

export const confirmLogOut: readonly Step[] = [rejectRepeatedParameters, decide];
