/** GET and POST /oauth2/sign-up: a stranger makes an account, and goes on as who has logged in. */
import { signUp as makeAccount, type SignUpRule } from '../../adapters/user-stores/sign-up.ts';
import { UserStoreError } from '../../adapters/user-stores/user-store.ts';
import { RestError } from '../../platform/rest-error.ts';
import type { Call, KeyManager, Step } from '../call.ts';
import { rejectRepeatedParameters } from '../checks/reject-repeated-parameters.ts';
import { rememberBeginning } from '../checks/remember-beginning.ts';
import { openInteraction } from '../log-in/interaction.ts';
import { logInSource } from '../log-in/log-in-source.ts';
import { beginSession, findSession } from '../log-in/sessions.ts';
import { OAuthError } from '../oauth-error.ts';
import { showSignUp, showWaiting } from '../pages/sign-up.ts';
import { goBack } from './log-in.ts';

const requireSignUp: Step = (_call, { signUp }) => {
  if (signUp === 'off') throw new OAuthError('access_denied', 'nobody can make an account here by himself', 403);
};

const show: Step = (call, km) => {
  if (call.request.method === 'GET') showSignUp(call, km, { query: '', backTo: '/oauth2/account', hint: null });
};

const fields = ['username', 'firstName', 'lastName', 'email'] as const;

const create: Step = async (call, km) => {
  const { form, request, reply, beganAt } = call;
  const interaction = openInteraction(call, km);
  const { query, backTo, asked } = interaction;
  if (form.get('show') !== null) return showSignUp(call, km, { query, backTo, asked, hint: form.get('username') });
  const made = await orProblem(() => make(call, km));
  if ('problem' in made) {
    const given = Object.fromEntries(fields.map((name) => [name, form.get(name) ?? '']));
    return showSignUp(call, km, { query, backTo, asked, hint: null, given, problem: made.problem });
  }
  const { user } = made;
  if (km.signUp === 'approval') return showWaiting(call, user.name);
  const { address } = logInSource(km, request, 'stranger');
  const former = await findSession(km, request);
  await beginSession(km, request, reply, { user, methods: ['pwd'], address, beganAt, former });
  goBack(call, km, interaction);
};

async function make({ form, request }: Call, km: KeyManager) {
  const text = (name: string) => form.get(name) ?? '';
  if (text('password') !== text('again')) throw new RestError(400, 'The two passwords are not the same.');
  const account = {
    name: text('username'),
    password: text('password'),
    firstName: text('firstName'),
    lastName: text('lastName'),
    email: text('email'),
  };
  const rule = km.signUp as Exclude<SignUpRule, 'off'>;
  return { user: await makeAccount(km, rule, account, logInSource(km, request, 'stranger')) };
}

/** What the stranger can put right stands on the page. */
async function orProblem<T>(work: () => Promise<T>): Promise<T | { problem: { message: string; status: number } }> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof UserStoreError) return { problem: { message: sentence(error.message), status: 400 } };
    if (error instanceof RestError && error.status === 400) {
      return {
        problem: { message: error.message.replace(/^(\w+):/, (_, name) => `${labels[name] ?? name}:`), status: 400 },
      };
    }
    throw error;
  }
}

const labels: Readonly<Record<string, string>> = {
  firstName: 'First name',
  lastName: 'Last name',
  email: 'E-mail address',
};

const sentence = (text: string): string => `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;

export const signUp: readonly Step[] = [rejectRepeatedParameters, rememberBeginning, requireSignUp, show, create];
