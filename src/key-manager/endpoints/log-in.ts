/** POST /oauth2/log-in: name and password, from the page that an authorization request has shown. */
import type { LogInSource } from '../../adapters/user-stores/user-store.ts';
import type { Call, KeyManager, Refuse, Step } from '../call.ts';
import { rejectRepeatedParameters } from '../checks/reject-repeated-parameters.ts';
import { rememberBeginning } from '../checks/remember-beginning.ts';
import { type Interaction, openInteraction, withDone } from '../log-in/interaction.ts';
import { logInSource } from '../log-in/log-in-source.ts';
import { beginSession } from '../log-in/sessions.ts';
import { showLogIn } from '../pages/log-in.ts';
import { logInCookie, requireOriginOfLogIn, sessionBefore } from '../pages/log-in-elsewhere.ts';
import { sendErrorPage } from '../pages/page.ts';

/** From the page on which accounts are made, or one of somebody who is logged in. */
const showInstead: Step = async (call, km) => {
  const show = call.form.get('show');
  if (show === null) return;
  const { query, backTo, asked } = openInteraction(call, km);
  const isAnother = show === 'somebody-else';
  const wanted = isAnother ? { fresh: false, maxAge: null, ...asked, hint: null, somebodyElse: true } : asked;
  await showLogIn(call, km, { query, backTo, asked: wanted, hint: call.form.get('username') });
};

const verify: Step = async (call, km) => {
  const { form, request, reply, beganAt } = call;
  const interaction = openInteraction(call, km, logInCookie(km));
  call.session = await sessionBefore(call, km, interaction);
  const name = form.get('username') ?? '';
  const source = logInSource(km, request, 'stranger');
  const { query, backTo, asked } = interaction;
  const held = heldOff(km, name, source);
  if (held > 0) {
    reply.header('retry-after', String(held));
    return showLogIn(call, km, { query, backTo, asked, hint: name, wait: held });
  }
  const user = await km.users.verify(name, form.get('password') ?? '', source);
  if (!user) {
    return showLogIn(call, km, { query, backTo, asked, hint: name, failed: true, wait: heldOff(km, name, source) });
  }
  const { session: former } = call;
  await beginSession(km, request, reply, { user, methods: ['pwd'], address: source.address, beganAt, former });
  goBack(call, km, interaction);
};

/** To where somebody was asked to log in. */
export function goBack(
  { reply }: Call,
  km: KeyManager,
  { query, backTo, shownAt }: Pick<Interaction, 'query' | 'backTo' | 'shownAt'>,
): void {
  const request = `/oauth2/authorize?${withDone(km, query, { logInSince: shownAt, decision: null })}`;
  const path = backTo === undefined ? request : query === '' ? backTo : `${backTo}?${query}`;
  reply
    .code(303)
    .header('location', km.options.publicUrl + path)
    .send();
}

/** Seconds for which no password of this name is looked at from there. */
export const heldOff = (km: KeyManager, name: string, source: LogInSource): number =>
  Math.ceil(km.users.heldOff(name, source) / 1000);

export const logIn: readonly Step[] = [
  rejectRepeatedParameters,
  rememberBeginning,
  showInstead,
  requireOriginOfLogIn,
  verify,
];

const refuse =
  (asking: boolean): Refuse =>
  ({ reply }, error) => {
    reply.headers(error.headers);
    sendErrorPage(reply, error, asking);
  };

export const refuseOnPage = refuse(false);

/** Where an application has sent the browser. */
export const refuseForApplication = refuse(true);
