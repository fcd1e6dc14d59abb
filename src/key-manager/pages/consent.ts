/** The page on which a user decides what a client gets. */
import type { SessionRow } from '../../adapters/stores/sessions.ts';
import { queryOf } from '../authorization/read-request.ts';
import { type Call, type KeyManager, seconds } from '../call.ts';
import { shownName } from '../clients/clients.ts';
import { type Interaction, readDone, sealInteraction } from '../log-in/interaction.ts';
import { html } from './html.ts';
import { sendPage } from './page.ts';
import { listOfRights } from './rights.ts';
import { somebodyElse } from './somebody-else.ts';
import { userName } from './user-name.ts';

export async function showConsent(
  call: Call,
  km: KeyManager,
  { query, scopes, asked }: Required<Pick<Interaction, 'query' | 'scopes' | 'asked'>>,
): Promise<void> {
  const session = call.session as SessionRow;
  const { logInSince } = readDone(km, queryOf(call));
  const name = await userName(km, session.subject);
  const shown = { query, scopes, asked, shownAt: seconds(km.clock), session: session.id, logInSince };
  const interaction = sealInteraction(call, km, shown);
  sendPage(call.reply, {
    title: `${await shownName(km.store.db, call.client)} asks for access`,
    body: html`
<p>You are logged in as <strong>${name}</strong>. If you agree, the application may</p>
${listOfRights(scopes)}
<form method="post" action="${km.options.publicUrl}/oauth2/consent">
<input type="hidden" name="interaction" value="${interaction}">
<button name="decision" value="agree">Agree</button>
<button name="decision" value="refuse" class="other">Refuse</button>
</form>
${somebodyElse(km, interaction, name)}`,
  });
}
