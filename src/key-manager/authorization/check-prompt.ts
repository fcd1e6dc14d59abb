/** Which pages the client wants to be shown, and how fresh the log-in has to be (OpenID Connect Core section 3.1.2.1). */
import type { KeyManager, Step } from '../call.ts';
import type { Form } from '../form.ts';
import { OAuthError } from '../oauth-error.ts';

const known = ['none', 'login', 'consent', 'select_account'];

/** `create`: Initiating User Registration via OpenID Connect 1.0, where strangers may sign up. */
export const promptsOf = ({ signUp }: Pick<KeyManager, 'signUp'>): readonly string[] =>
  signUp === 'off' ? known : [...known, 'create'];

export const checkPrompt: Step = ({ form }, km) => {
  const taken = promptsOf(km);
  const prompts = promptOf(form);
  const unknown = prompts.find((one) => !taken.includes(one));
  if (unknown !== undefined) throw new OAuthError('invalid_request', `prompt: expected some of ${taken.join(', ')}`);
  if (prompts.length > 1 && (prompts.includes('none') || prompts.includes('create'))) {
    throw new OAuthError('invalid_request', 'prompt: none and create stand alone');
  }
  maxAgeOf(form);
};

export const promptOf = (form: Form): readonly string[] =>
  (form.get('prompt') ?? '').split(' ').filter((one) => one !== '');

/** Seconds; null = however long ago. */
export function maxAgeOf(form: Form): number | null {
  const text = form.get('max_age');
  if (text === null) return null;
  if (!/^\d{1,9}$/.test(text)) throw new OAuthError('invalid_request', 'max_age: expected a number of seconds');
  return Number(text);
}
