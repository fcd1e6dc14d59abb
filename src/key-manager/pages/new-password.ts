/** The page on which a user sets a password by a link. */
import type { Call, KeyManager } from '../call.ts';
import { html } from './html.ts';
import { sendPage } from './page.ts';

export interface NewPasswordPage {
  readonly user: string;
  readonly problem?: string;
}

export function showNewPassword({ reply, form }: Call, km: KeyManager, { user, problem }: NewPasswordPage): void {
  sendPage(reply, {
    title: 'Set a new password',
    status: problem === undefined ? 200 : 400,
    body: html`
${problem !== undefined && html`<p role="alert">${problem}</p>`}
<p>For the account <strong>${user}</strong>. Whoever is logged in to it now will be logged out.</p>
<form method="post" action="${km.options.publicUrl}/oauth2/new-password">
<input type="hidden" name="key" value="${form.get('key') ?? ''}">
<input type="text" name="username" value="${user}" autocomplete="username" hidden>
<label for="password">New password</label>
<input id="password" name="password" type="password" autocomplete="new-password" minlength="5" maxlength="128"
  aria-describedby="password-form" required autofocus>
<p id="password-form" class="detail">5 to 128 characters</p>
<label for="again">New password, once more</label>
<input id="again" name="again" type="password" autocomplete="new-password" required>
<button>Set the password</button>
</form>`,
  });
}

export function showPasswordSet({ reply }: Call, km: KeyManager): void {
  sendPage(reply, {
    title: 'Your password is set',
    body: html`<p>Log in with it where you need to, or look at <a href="${km.options.publicUrl}/oauth2/account">your account</a>.</p>`,
  });
}
