/** The page on which somebody logs in. */
import { type Call, type KeyManager, seconds } from '../call.ts';
import { sealInteraction } from '../interaction.ts';
import { html, markup } from './html.ts';
import { sendToLogIn } from './log-in-elsewhere.ts';
import { sendPage } from './page.ts';

export interface LogInPage {
  /** The request for authorization that it is for. */
  readonly query: string;
  /** As in `Interaction`. */
  readonly backTo?: string | undefined;
  /** What stands in the field for the name. */
  readonly hint: string | null;
  readonly failed?: boolean;
  /** Seconds for which no password is looked at, after many wrong ones. */
  readonly wait?: number;
}

export async function showLogIn(call: Call, km: KeyManager, page: LogInPage): Promise<void> {
  if (km.logInUrl !== '') return sendToLogIn(call, km, page);
  const { query, backTo, hint, failed = false, wait = 0 } = page;
  const shown = { query, backTo, shownAt: seconds(km.clock), session: null, logInSince: null };
  const interaction = sealInteraction(call, km, shown);
  const named = hint !== null && hint !== '';
  const focus = markup(' autofocus');
  sendPage(call.reply, {
    title: 'Log in',
    status: failed ? 401 : wait > 0 ? 429 : 200,
    body: html`
${failed && html`<p role="alert" id="problem">Name or password are wrong.${wait > 0 && ` Wait for ${duration(wait)} before you try again.`}</p>`}
${!failed && wait > 0 && html`<p role="alert">Too many wrong passwords for this name from here. Try again in ${duration(wait)}; until then not even the right one is taken.</p>`}
<form method="post" action="${km.options.publicUrl}/oauth2/log-in">
<input type="hidden" name="interaction" value="${interaction}">
<label for="username">User name</label>
<input id="username" name="username" value="${hint ?? ''}" autocomplete="username" autocapitalize="none"
  spellcheck="false" required${named ? null : focus}>
<label for="password">Password</label>
<input id="password" name="password" type="password" autocomplete="current-password" required${failed && markup(' aria-invalid="true" aria-describedby="problem"')}${named && focus}>
<button>Log in</button>
${km.signUp !== 'off' && html`<button formaction="${km.options.publicUrl}/oauth2/sign-up" formnovalidate name="show" value="sign-up" class="other">Create an account</button>`}
</form>`,
  });
}

export const duration = (seconds: number): string => (seconds === 1 ? '1 second' : `${seconds} seconds`);
