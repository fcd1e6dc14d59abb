/** The pages on which somebody lets a device in. */
import type { SessionRow } from '../../adapters/stores/sessions.ts';
import { type Call, type KeyManager, seconds } from '../call.ts';
import { showUserCode } from '../device/user-code.ts';
import { sealInteraction } from '../log-in/interaction.ts';
import { html } from './html.ts';
import { sendPage } from './page.ts';
import { listOfRights } from './rights.ts';
import { somebodyElse } from './somebody-else.ts';
import { userName } from './user-name.ts';

/** Where the pages are. */
export const devicePath = '/oauth2/device';

/** Asks for the code. @param problem with the one that was typed */
export function showCodeEntry(
  call: Call,
  km: KeyManager,
  { typed = '', problem }: { readonly typed?: string; readonly problem?: string } = {},
): void {
  sendPage(call.reply, {
    title: 'Let a device in',
    status: problem === undefined ? 200 : 400,
    body: html`
${problem !== undefined && html`<p role="alert">${problem}</p>`}
<form method="get" action="${km.options.publicUrl}${devicePath}">
<label for="user_code">The code that your device shows</label>
<input id="user_code" name="user_code" value="${typed}" autocomplete="off" autocapitalize="characters"
  spellcheck="false" required autofocus>
<button>Continue</button>
</form>`,
  });
}

export interface DeviceConfirmation {
  /** Of its client, as people know it. */
  readonly name: string;
  /** Those that it gets. */
  readonly scopes: readonly string[];
  readonly userCode: string;
  readonly session: SessionRow;
}

/** Shows what asks, and the code once more: who was sent here by somebody else has no device that shows it (section 5.4). */
export async function showDeviceConfirmation(call: Call, km: KeyManager, shown: DeviceConfirmation): Promise<void> {
  const { name, scopes, userCode, session } = shown;
  const user = await userName(km, session.subject);
  const interaction = sealInteraction(call, km, {
    backTo: devicePath,
    query: `user_code=${userCode}`,
    scopes,
    shownAt: seconds(km.clock),
    session: session.id,
    logInSince: null,
  });
  sendPage(call.reply, {
    title: `${name} asks for access`,
    body: html`
<p>Does the device before you show this code? If not, somebody else wants to use your account: refuse.</p>
<p><strong>${showUserCode(userCode)}</strong></p>
<p>You are logged in as <strong>${user}</strong>. If you agree, the device may</p>
${listOfRights(scopes)}
<form method="post" action="${km.options.publicUrl}${devicePath}-consent">
<input type="hidden" name="interaction" value="${interaction}">
<button name="decision" value="agree">Agree</button>
<button name="decision" value="refuse" class="other">Refuse</button>
</form>
${somebodyElse(km, interaction, user)}`,
  });
}

export function showDeviceDecided(call: Call, agreed: boolean): void {
  sendPage(call.reply, {
    title: agreed ? 'The device is in' : 'The device was refused',
    body: html`<p>${agreed ? 'It goes on by itself in a few seconds.' : 'It gets nothing.'} You can close this page.</p>`,
  });
}
