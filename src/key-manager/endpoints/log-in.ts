/** POST /oauth2/log-in: name and password, from the page that an authorization request has shown. */
import type { Refuse, Step } from '../call.ts';
import { rejectRepeatedParameters } from '../checks/reject-repeated-parameters.ts';
import { rememberBeginning } from '../checks/remember-beginning.ts';
import { openInteraction, withDone } from '../interaction.ts';
import { logInSource } from '../log-in-source.ts';
import { showLogIn } from '../pages/log-in.ts';
import { sendErrorPage } from '../pages/page.ts';
import { beginSession, findSession } from '../sessions.ts';

const verify: Step = async (call, km) => {
  const { form, request, reply, beganAt } = call;
  const interaction = openInteraction(call, km);
  const name = form.get('username') ?? '';
  const source = logInSource(km, request, 'stranger');
  const user = await km.users.verify(name, form.get('password') ?? '', source);
  if (!user) return showLogIn(call, km, { ...interaction, hint: name, failed: true });
  const former = await findSession(km, request);
  await beginSession(km, request, reply, { user, methods: ['pwd'], address: source.address, beganAt, former });
  const { query, backTo, shownAt } = interaction;
  const path = backTo ?? `/oauth2/authorize?${withDone(km, query, { logInSince: shownAt, decision: null })}`;
  reply
    .code(303)
    .header('location', km.options.publicUrl + path)
    .send();
};

export const logIn: readonly Step[] = [rejectRepeatedParameters, rememberBeginning, verify];

export const refuseOnPage: Refuse = ({ reply }, error) => {
  reply.headers(error.headers);
  sendErrorPage(reply, error.status, error.code, error.message);
};
