/**
 * The page for the log-in is somebody else's (option `pages.logInUrl`), on another site perhaps. The browser is sent there with
 * what that page needs, and brings name and password from there itself: nobody else's server sees them but that of the page.
 */
import { findSession as findSessionRow, type SessionRow } from '../../adapters/stores/sessions.ts';
import { type Call, type KeyManager, type Step, seconds } from '../call.ts';
import { type BrowserCookie, type Interaction, sealInteraction } from '../log-in/interaction.ts';
import { findSession } from '../log-in/sessions.ts';
import { OAuthError } from '../oauth-error.ts';
import { askingApplication } from './asking-application.ts';
import type { LogInPage } from './log-in.ts';

export async function sendToLogIn(call: Call, km: KeyManager, page: LogInPage): Promise<void> {
  const { query, backTo, asked, hint, failed, wait = 0 } = page;
  const session = call.session?.id ?? null;
  const shown = { query, backTo, asked, shownAt: seconds(km.clock), session, logInSince: null };
  const parameters = {
    interaction: sealInteraction(call, km, shown, logInCookie(km)),
    application: await askingApplication(km, page),
    hint,
    failed: failed ? '1' : null,
    wait: wait > 0 ? String(wait) : null,
  };
  const url = new URL(km.logInUrl);
  for (const [name, value] of Object.entries(parameters)) if (value) url.searchParams.append(name, value);
  call.reply.code(303).headers({ location: url.href, 'referrer-policy': 'no-referrer' }).send();
}

/** By which a browser is known that sends the form for the log-in. */
export const logInCookie = ({ logInUrl }: KeyManager): BrowserCookie => (logInUrl === '' ? 'browser' : 'elsewhere');

/** The form comes from that page and from nowhere else. Browsers say so wherever a form is sent from (Fetch section 3.2). */
export const requireOriginOfLogIn: Step = ({ request }, { logInUrl }) => {
  if (logInUrl === '' || request.headers.origin === new URL(logInUrl).origin) return;
  throw new OAuthError('access_denied', 'this form can be sent by the page for the log-in only; begin once more', 403);
};

/** The session of the browser until now. Its cookie does not come along from another site. */
export async function sessionBefore(call: Call, km: KeyManager, { session }: Interaction): Promise<SessionRow | null> {
  const found = await findSession(km, call.request);
  if (found || session === null || km.logInUrl === '') return found;
  const row = await findSessionRow(km.store.db, session);
  return row && row.expires_at > seconds(km.clock) ? row : null;
}
