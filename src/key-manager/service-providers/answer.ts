/** Sends the browser to the service provider with the answer (SAML bindings section 3.5: HTTP-POST). */
import type { SessionRow } from '../../adapters/stores/sessions.ts';
import { samlStatus } from '../../core/saml.ts';
import type { Call, KeyManager } from '../call.ts';
import { html } from '../pages/html.ts';
import { sendPage } from '../pages/page.ts';
import { contextOf } from './authentication-context.ts';
import type { Refusal, SignOn } from './sign-on.ts';
import { type ToldUser, toldUser } from './told-user.ts';
import { writeResponse } from './write-response.ts';

/** With who has logged in in this session, if he may be told. */
export async function answerWith(call: Call, km: KeyManager, signOn: SignOn, session: SessionRow): Promise<void> {
  const context = contextOf(session.methods.split(' '), signOn.context);
  if (context === null) {
    return send(call, km, signOn, responder(samlStatus.noContext, 'nobody logs in here in the way that was asked for'));
  }
  const told = await toldUser(km, session, context, signOn);
  return send(call, km, signOn, told ?? responder(samlStatus.failed, 'the user is not known'));
}

export const refuseTo = (call: Call, km: KeyManager, signOn: SignOn, refusal: Refusal): Promise<void> =>
  send(call, km, signOn, refusal);

export const responder = (because: string, message: string): Refusal => ({
  status: samlStatus.responder,
  because,
  message,
});

/** A form that sends itself; where scripts are off, it has a button. */
async function send(call: Call, km: KeyManager, signOn: SignOn, what: ToldUser | Refusal): Promise<void> {
  const { consumerUrl, relayState, provider } = signOn;
  const response = Buffer.from(await writeResponse(km, signOn, what)).toString('base64');
  sendPage(call.reply, {
    title: `Back to ${provider.name}`,
    body: html`<form method="post" action="${consumerUrl}" id="answer">
<input type="hidden" name="SAMLResponse" value="${response}">
${relayState !== null && html`<input type="hidden" name="RelayState" value="${relayState}">`}
<button>Continue</button>
</form>`,
    script: "document.getElementById('answer').submit()",
    formsTo: [consumerUrl, ...provider.landingOrigins],
  });
}
