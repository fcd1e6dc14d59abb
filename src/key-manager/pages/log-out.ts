/** The pages of a log-out. */
import type { Call, KeyManager } from '../call.ts';
import { html } from './html.ts';
import { sendPage } from './page.ts';
import { userName } from './user-name.ts';

export interface LogOutPage {
  readonly interaction: string;
  /** Who is logged in: `name@tenant`. */
  readonly subject: string;
  /** Which application asks; null = none says that it does. */
  readonly client: string | null;
}

export async function showLogOut(
  call: Call,
  km: KeyManager,
  { interaction, subject, client }: LogOutPage,
): Promise<void> {
  sendPage(call.reply, {
    title: 'Log out?',
    body: html`
<p>You are logged in as <strong>${await userName(km, subject)}</strong>.${client !== null && html` <strong>${client}</strong> asks to log you out.`}</p>
<p>Applications that you use through this log-in will have to ask you again.</p>
<form method="post" action="${km.options.publicUrl}/oauth2/log-out">
<input type="hidden" name="interaction" value="${interaction}">
<button name="decision" value="log-out">Log out</button>
<button name="decision" value="stay" class="other">Stay logged in</button>
</form>`,
  });
}

export function showLoggedOut({ reply }: Call, km: KeyManager): void {
  sendPage(reply, {
    title: 'You are logged out',
    body: html`<p>You can close this page, or <a href="${km.options.publicUrl}/oauth2/account">log in to your account</a>.</p>`,
  });
}

export function showStillLoggedIn({ reply }: Call, km: KeyManager): void {
  sendPage(reply, {
    title: 'You are still logged in',
    body: html`<p>You can close this page, or look at <a href="${km.options.publicUrl}/oauth2/account">your account</a>.</p>`,
  });
}
