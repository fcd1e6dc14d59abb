/** GET and POST /oauth2/sign-up: a stranger makes an account, and goes on as who has logged in. */
import { signUp as makeAccount, type SignUpRule } from '../../adapters/user-stores/sign-up.ts';
import { NameTakenError, UserStoreError } from '../../adapters/user-stores/user-store.ts';
import { RestError } from '../../platform/rest-error.ts';
import type { Call, KeyManager, Step } from '../call.ts';
import { rejectRepeatedParameters } from '../checks/reject-repeated-parameters.ts';
import { rememberBeginning } from '../checks/remember-beginning.ts';
import { openInteraction } from '../log-in/interaction.ts';
import { logInSource } from '../log-in/log-in-source.ts';
import { beginSession, findSession } from '../log-in/sessions.ts';
import { OAuthError } from '../oauth-error.ts';
import { sentence } from '../pages/sentence.ts';
import { showSignUp, showWaiting } from '../pages/sign-up.ts';
import { goBack } from './log-in.ts';

const requireSignUp: Step = (_call, { signUp }) => {
  if (signUp === 'off') throw new OAuthError('access_denied', "new accounts can't be made here", 403);
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
  const made = await orProblem(form.get('username') ?? '', () => make(call, km));
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
async function orProblem<T>(
  name: string,
  work: () => Promise<T>,
): Promise<T | { problem: { message: string; status: number } }> {
  try {
    return await work();
  } catch (error) {
    const message = messageOf(error, name);
    if (message === null) throw error;
    return { problem: { message, status: 400 } };
  }
}

/** For people; null when it is nothing that they can do something about. */
function messageOf(error: unknown, name: string): string | null {
  if (error instanceof NameTakenError) return `The name ${name} is taken; choose another one.`;
  if (error instanceof UserStoreError) return sentence(error.message);
  if (!(error instanceof RestError) || error.status !== 400) return null;
  const [field = ''] = error.message.split(':');
  return Object.hasOwn(expected, field) ? (expected[field] as string) : error.message;
}

/** What a field has to be, by the name by which an error calls it. */
const expected: Readonly<Record<string, string>> = {
  firstName: 'The first name has 1 to 100 characters, all of them visible.',
  lastName: 'The last name has 1 to 100 characters, all of them visible.',
  email: 'The e-mail address is one like name@example.org.',
};

export const signUp: readonly Step[] = [rejectRepeatedParameters, rememberBeginning, requireSignUp, show, create];
