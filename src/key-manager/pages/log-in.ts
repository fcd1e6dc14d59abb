/** The page on which somebody logs in. */
import { providersToLogInAt } from '../../adapters/stores/identity-providers.ts';
import { defaultTenant } from '../../core/tenant.ts';
import { type Call, type KeyManager, seconds } from '../call.ts';
import { type Interaction, sealInteraction } from '../log-in/interaction.ts';
import { askingApplication } from './asking-application.ts';
import { html, markup } from './html.ts';
import { sendToLogIn } from './log-in-elsewhere.ts';
import { sendPage } from './page.ts';
import { sentence } from './sentence.ts';

export interface LogInPage {
  /** The request for authorization that it is for. */
  readonly query: string;
  /** As in `Interaction`. */
  readonly backTo?: string | undefined;
  readonly asked?: Interaction['asked'];
  /** What stands in the field for the name. */
  readonly hint: string | null;
  readonly failed?: boolean;
  /** Why a log-in at an identity provider came to nothing. */
  readonly problem?: { readonly message: string; readonly status: number };
  /** Seconds for which no password is looked at, after many wrong ones. */
  readonly wait?: number;
}

export async function showLogIn(call: Call, km: KeyManager, page: LogInPage): Promise<void> {
  if (km.logInUrl !== '') return sendToLogIn(call, km, page);
  const { query, backTo, asked, hint, failed = false, wait = 0, problem } = page;
  const application = await askingApplication(km, page);
  const providers = await providersToLogInAt(km.store.db, defaultTenant);
  const shown = { query, backTo, asked, shownAt: seconds(km.clock), session: null, logInSince: null };
  const interaction = sealInteraction(call, km, shown);
  const named = hint !== null && hint !== '';
  const focus = markup(' autofocus');
  sendPage(call.reply, {
    title: 'Log in',
    status: problem?.status ?? (failed ? 401 : wait > 0 ? 429 : 200),
    body: html`
${application !== null && html`<p class="for">for <strong>${application}</strong></p>`}
${problem !== undefined && html`<p role="alert">${sentence(problem.message)}</p>`}
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
</form>
${
  providers.length > 0 &&
  html`<p class="or">or</p>
<form method="post" action="${km.options.publicUrl}/oauth2/log-in-at">
<input type="hidden" name="interaction" value="${interaction}">
${providers.map(
  ({ name, description }) =>
    html`<button name="provider" value="${name}" class="other">Log in with ${description || name}</button>`,
)}
</form>`
}
${
  km.signUp !== 'off' &&
  html`<form method="post" action="${km.options.publicUrl}/oauth2/sign-up">
<input type="hidden" name="interaction" value="${interaction}">
<input type="hidden" name="username" value="${hint ?? ''}">
<button name="show" value="sign-up" class="other">Create an account</button>
</form>`
}`,
  });
}

export const duration = (seconds: number): string => (seconds === 1 ? '1 second' : `${seconds} seconds`);
