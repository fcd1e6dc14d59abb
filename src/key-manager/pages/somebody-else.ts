/** The way out for whom another one has left logged in in this browser. */
import type { KeyManager } from '../call.ts';
import { type Html, html } from './html.ts';

/** Leads to the page for the log-in, and from there back to where `interaction` belongs. @param name who is logged in */
export const somebodyElse = (km: KeyManager, interaction: string, name: string): Html =>
  html`<form method="post" action="${km.options.publicUrl}/oauth2/log-in">
<input type="hidden" name="interaction" value="${interaction}">
<p>Not ${name}? <button name="show" value="somebody-else" class="link">Log in as somebody else</button></p>
</form>`;
