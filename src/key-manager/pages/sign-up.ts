/** The page on which a stranger makes an account. */
import { type Call, type KeyManager, seconds } from '../call.ts';
import { type Interaction, sealInteraction } from '../log-in/interaction.ts';
import { type Html, html, markup } from './html.ts';
import { sendPage } from './page.ts';

export interface SignUpPage {
  /** As in `LogInPage`. */
  readonly query: string;
  readonly backTo?: string | undefined;
  readonly asked?: Interaction['asked'];
  /** What stands in the field for the user name. */
  readonly hint: string | null;
  /** What was filled in before; passwords are not shown again. */
  readonly given?: Readonly<Record<string, string>>;
  readonly problem?: { readonly message: string; readonly status: number };
}

export function showSignUp(call: Call, km: KeyManager, page: SignUpPage): void {
  const { query, backTo, asked, hint, given = {}, problem } = page;
  const shown = { query, backTo, asked, shownAt: seconds(km.clock), session: null, logInSince: null };
  const interaction = sealInteraction(call, km, shown);
  const field = (name: string, label: string, autocomplete: string, more: Html): Html => html`
<label for="${name}">${label}</label>
<input id="${name}" name="${name}" value="${given[name] ?? ''}" autocomplete="${autocomplete}" required${more}>`;
  sendPage(call.reply, {
    title: 'Create an account',
    status: problem?.status ?? 200,
    body: html`
${problem !== undefined && html`<p role="alert">${problem.message}</p>`}
${km.signUp === 'approval' && html`<p>An administrator has to approve it before you can log in.</p>`}
<form method="post" action="${km.options.publicUrl}/oauth2/sign-up">
<input type="hidden" name="interaction" value="${interaction}">
<label for="username">User name</label>
<input id="username" name="username" value="${given.username ?? hint ?? ''}" autocomplete="username" autocapitalize="none"
  spellcheck="false" minlength="3" maxlength="30" aria-describedby="username-form" required autofocus>
<p id="username-form" class="detail">3 to 30 characters: letters from a to z, digits, and . _ - |</p>
${field('firstName', 'First name', 'given-name', markup(' maxlength="100"'))}
${field('lastName', 'Last name', 'family-name', markup(' maxlength="100"'))}
${field('email', 'E-mail address', 'email', markup(' type="email" maxlength="318"'))}
<label for="password">Password</label>
<input id="password" name="password" type="password" autocomplete="new-password" minlength="5" maxlength="128"
  aria-describedby="password-form" required>
<p id="password-form" class="detail">5 to 128 characters</p>
<label for="again">Password, once more</label>
<input id="again" name="again" type="password" autocomplete="new-password" required>
<button>Create the account</button>
<button formaction="${km.options.publicUrl}/oauth2/log-in" formnovalidate name="show" value="log-in" class="other">I have an account</button>
</form>`,
  });
}

export function showWaiting({ reply }: Call, name: string): void {
  sendPage(reply, {
    title: 'Your account waits for approval',
    status: 202,
    body: html`<p>An administrator has to approve the account <strong>${name}</strong>. Then you can log in.</p>`,
  });
}
