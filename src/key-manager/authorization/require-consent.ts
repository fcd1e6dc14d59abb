/** The user has agreed that the client gets what it asks for. */
import { consentOf } from '../../adapters/stores/consents.ts';
import type { SessionRow } from '../../adapters/stores/sessions.ts';
import type { StoreTransaction } from '../../adapters/stores/store.ts';
import type { Call, Step } from '../call.ts';
import { readDone } from '../log-in/interaction.ts';
import { toAgreeTo } from '../log-in/requested-claims.ts';
import { OAuthError } from '../oauth-error.ts';
import { showConsent } from '../pages/consent.ts';
import { promptOf } from './check-prompt.ts';
import { queryOf, requestQuery } from './read-request.ts';
import { freshnessOf } from './require-log-in.ts';

export const requireConsent: Step = async (call, km) => {
  const { form, client } = call;
  const session = call.session as SessionRow;
  const asked = toAgreeTo(form, call.scopes);
  const prompts = promptOf(form);
  const { decision } = readDone(km, queryOf(call));
  const hasDecided = decision?.session === session.id;
  if (hasDecided && !decision.agreed) throw new OAuthError('access_denied', 'the user did not agree');
  const agreed = await consentOf(km.store.db, session.subject, client.consumer_key);
  // To what the page said: if there is more by now, he is asked again.
  const covered = agreed !== null && asked.every((name) => agreed.includes(name));
  if (covered && (hasDecided || !prompts.includes('consent'))) return;
  if (prompts.includes('none')) throw new OAuthError('consent_required', 'the user has not agreed to this yet');
  await showConsent(call, km, {
    query: requestQuery(call),
    scopes: asked,
    asked: { ...freshnessOf(call), hint: null },
  });
};

/**
 * He has not withdrawn it meanwhile. To be asked in the transaction that answers.
 * @throws OAuthError access_denied
 */
export async function refuseWithdrawn({ db }: StoreTransaction, { client, session }: Call): Promise<void> {
  const agreed = await consentOf(db, (session as SessionRow).subject, client.consumer_key);
  if (agreed === null) throw new OAuthError('access_denied', 'the user has withdrawn his consent');
}
