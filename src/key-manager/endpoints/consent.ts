/** POST /oauth2/consent: whether the client gets what it asked for, from the page that an authorization request has shown. */
import { consentOf, putConsent } from '../../adapters/stores/consents.ts';
import { findSession as findRow } from '../../adapters/stores/sessions.ts';
import { onlyTokens } from '../../adapters/stores/store.ts';
import { parametersOf } from '../authorization/pushed-request.ts';
import { type Step, seconds } from '../call.ts';
import { rejectRepeatedParameters } from '../checks/reject-repeated-parameters.ts';
import { openInteraction, withDone } from '../log-in/interaction.ts';
import { findSession } from '../log-in/sessions.ts';
import { OAuthError } from '../oauth-error.ts';
import { writeScope } from '../tokens/scopes.ts';

const decide: Step = async (call, km) => {
  const { form, request, reply } = call;
  const { query, scopes = [], session: shownIn, logInSince } = openInteraction(call, km);
  const session = await findSession(km, request);
  if (!session || session.id !== shownIn) throw notHis();
  const agreed = form.require('decision') === 'agree';
  if (agreed) {
    const { subject } = session;
    const consumerKey = (await parametersOf(km, query)).require('client_id');
    await km.store.transaction(async (tx) => {
      // With his sessions ends what he agreed to: nothing may come after.
      if (!(await findRow(tx.db, session.id))) throw notHis();
      // Whoever agrees to one more thing takes nothing back.
      const before = (await consentOf(tx.db, subject, consumerKey)) ?? [];
      await putConsent(tx, {
        subject,
        consumer_key: consumerKey,
        scope: writeScope([...before, ...scopes]),
        granted_at: seconds(km.clock),
      });
    }, onlyTokens);
  }
  const done = withDone(km, query, { logInSince, decision: { session: session.id, agreed } });
  reply.code(303).header('location', `${km.options.publicUrl}/oauth2/authorize?${done}`).send();
};

const notHis = (): OAuthError =>
  new OAuthError('access_denied', 'somebody else has logged in meanwhile, or nobody; begin once more', 403);

export const consent: readonly Step[] = [rejectRepeatedParameters, decide];
