/** The page of a user's account: where he is logged in, which applications act for him, his password. */
import { type GrantedClient, grantedClients } from '../../adapters/stores/granted-clients.ts';
import { type SessionRow, sessionsOf } from '../../adapters/stores/sessions.ts';
import { readFederatedSubject } from '../../core/identity-provider.ts';
import { describeBrowser } from '../account/describe-browser.ts';
import { howGranted } from '../account/how-granted.ts';
import { type Call, type KeyManager, seconds } from '../call.ts';
import { sealInteraction } from '../log-in/interaction.ts';
import { type Html, html, markup } from './html.ts';
import { sendPage } from './page.ts';
import { rightsOf } from './rights.ts';
import { providerName, userName } from './user-name.ts';

export interface AccountPage {
  /** What was done. */
  readonly notice: string | null;
  /** Why the password was not changed. */
  readonly problem?: { readonly message: string; readonly status: number };
}

export async function showAccount(call: Call, km: KeyManager, { notice, problem }: AccountPage): Promise<void> {
  const session = call.session as SessionRow;
  const now = seconds(km.clock);
  const sessions = await sessionsOf(km.store.db, session.subject, now);
  const clients = await grantedClients(km.store.db, session.subject, now);
  const interaction = sealInteraction(call, km, { query: '', shownAt: now, session: session.id, logInSince: null });
  const form: Form = (action, content) => html`
<form method="post" action="${km.options.publicUrl}/oauth2/account">
<input type="hidden" name="interaction" value="${interaction}">
<input type="hidden" name="action" value="${action}">
${content}
</form>`;
  const others = sessions.filter(({ id }) => id !== session.id);
  sendPage(call.reply, {
    title: 'Your account',
    status: problem?.status ?? 200,
    wide: true,
    body: html`
${notice !== null && html`<p role="status">${notice}</p>`}
<p>You are logged in as <strong>${await userName(km, session.subject)}</strong>.</p>
${form('log-out', html`<button class="other">Log out</button>`)}

<h2 id="sessions">Where you are logged in</h2>
<ul class="rows" aria-labelledby="sessions">
<li><div>${lines(browserOf(session), html`<strong>This browser</strong>`)}</div></li>
${others.map(
  (one) =>
    html`<li><div>${browserOf(one)}</div>${form(
      'end-session',
      html`<input type="hidden" name="session" value="${one.id}">
<button class="other" aria-label="Log out ${describeBrowser(one.user_agent)}, ${one.address}">Log out</button>`,
    )}</li>`,
)}
</ul>
${others.length > 1 && form('end-other-sessions', html`<button class="other">Log out everywhere else</button>`)}

<h2 id="applications">Applications that act for you</h2>
${clients.length === 0 && html`<p>None.</p>`}
${
  clients.length > 0 &&
  html`<ul class="rows" aria-labelledby="applications">
${clients.map(
  (one) =>
    html`<li><div>${grantOf(one)}</div>${form(
      'revoke',
      html`<input type="hidden" name="client" value="${one.consumerKey}">
<button class="other" aria-label="Revoke what ${one.name} may do">Revoke</button>`,
    )}</li>`,
)}
</ul>`
}
${clients.length > 1 && form('revoke-all', html`<button class="other">Revoke all</button>`)}

<h2>Password</h2>
${problem !== undefined && html`<p role="alert" id="problem">${problem.message}</p>`}
${await passwordOf(km, session, form, problem !== undefined)}`,
  });
}

type Form = (action: string, content: Html) => Html;

/** A form, where the password is kept here. */
async function passwordOf(km: KeyManager, { subject }: SessionRow, form: Form, wrong: boolean): Promise<Html> {
  const federated = readFederatedSubject(subject);
  const elsewhere = federated ? await providerName(km, federated.provider) : km.users.readOnlyStoreOf?.(subject);
  if (elsewhere) {
    return html`<p>Your password is kept elsewhere: <strong>${elsewhere}</strong>. It is changed there.</p>`;
  }
  return html`<p>A new password logs you out everywhere else, and applications have to ask you again.</p>
${form(
  'change-password',
  html`<input type="text" name="username" value="${subject}" autocomplete="username" hidden>
<label for="old">Current password</label>
<input id="old" name="old" type="password" autocomplete="current-password" required${wrong && markup(' aria-describedby="problem" autofocus')}>
<label for="new">New password</label>
<input id="new" name="new" type="password" autocomplete="new-password" minlength="5" maxlength="128"
  aria-describedby="new-form" required>
<p id="new-form" class="detail">5 to 128 characters</p>
<label for="again">New password, once more</label>
<input id="again" name="again" type="password" autocomplete="new-password" required>
<button>Change the password</button>`,
)}`;
}

const browserOf = (session: SessionRow): Html =>
  lines(
    html`${describeBrowser(session.user_agent)}, ${session.address}`,
    detail(html`since ${time(session.authenticated_at || session.created_at)}`),
  );

const grantOf = ({ name, scopes, agreedAt, grants, issuedAt }: GrantedClient): Html =>
  lines(
    html`<strong>${name}</strong>`,
    ...(agreedAt === null ? [] : [html`${rightsOf(scopes).join(', ')}`, html`you agreed ${time(agreedAt)}`]).map(
      detail,
    ),
    ...howGranted(grants, agreedAt !== null).map((how) => detail(html`${how}`)),
    detail(issuedAt === null ? html`it has no token now` : html`last token ${time(issuedAt)}`),
  );

const lines = (first: Html, ...others: readonly Html[]): Html => html`${first}${others.map((one) => html`<br>${one}`)}`;

const detail = (content: Html): Html => html`<span class="detail">${content}</span>`;

function time(at: number): Html {
  const text = new Date(Number(at) * 1000).toISOString();
  return html`<time datetime="${text}">${text.slice(0, 16).replace('T', ' ')} UTC</time>`;
}
