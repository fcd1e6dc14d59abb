/**
 * The answer of the implicit grant: tokens, in the address of the browser (RFC 6749 section 4.2.2). Whoever sees the address
 * has them, so it is off unless an option says otherwise (RFC 9700 section 2.1.2).
 */
import { linkSession, type SessionRow } from '../../adapters/stores/sessions.ts';
import type { StoreTransaction } from '../../adapters/stores/store.ts';
import { type Step, seconds } from '../call.ts';
import { metadataOf } from '../clients/client-metadata.ts';
import { idTokenOf } from '../log-in/id-token.ts';
import { logInOf } from '../log-in/log-in.ts';
import { OAuthError } from '../oauth-error.ts';
import { issue } from '../tokens/issue.ts';
import { rolesOf } from '../tokens/roles.ts';
import { expiresIn, issueTime } from '../tokens/times.ts';
import { newTokenId } from '../tokens/token-id.ts';
import { userPlan } from '../tokens/user-plan.ts';
import { type AuthorizationAnswer, answerClient } from './answer.ts';
import { responseTypeOf, wantsCode } from './check-response.ts';
import { answered, takePushed } from './pushed-request.ts';
import { refuseWithdrawn } from './require-consent.ts';
import { refuseLoggedOut } from './require-log-in.ts';

export const giveTokens: Step = async (call, km) => {
  const { form, client, beganAt } = call;
  if (wantsCode(form)) return;
  const { dpop_bound_access_tokens, tls_client_certificate_bound_access_tokens } = metadataOf(client);
  if (dpop_bound_access_tokens === true || tls_client_certificate_bound_access_tokens === true) {
    throw new OAuthError('unauthorized_client', 'the client has registered for tokens that are bound to a key');
  }
  const session = call.session as SessionRow;
  const { subject } = session;
  const issuedAt = await issueTime(km, { subject, client: client.consumer_key }, beganAt);
  const roles = await rolesOf(km, subject);
  if (!roles) throw new OAuthError('access_denied', 'the user is unknown');
  const family = newTokenId();
  const plan = {
    ...(await userPlan(
      km,
      // Nothing is proved in the address of a browser.
      { client, beganAt, confirmation: {} },
      { grantType: 'implicit', subject, roles, wanted: call.scopes, issuedAt },
    )),
    family,
    logIn: logInOf(session, form),
  } as const;
  const to = call.answerTo as AuthorizationAnswer;
  const type = responseTypeOf(form);
  const take = async (tx: StoreTransaction): Promise<boolean> => {
    await refuseLoggedOut(tx, call);
    await refuseWithdrawn(tx, call);
    return takePushed(tx, call);
  };
  if (type === 'id_token') {
    if (!(await km.write(take))) throw answered();
    return answerClient(call, km, to, { id_token: await idTokenOf(km, plan, null) });
  }
  const issued = await issue(km, plan, false, async (tx) => {
    if (!(await take(tx))) return false;
    await linkSession(tx, { session_id: session.id, consumer_key: client.consumer_key, family });
    return true;
  }).catch((error) => {
    // The token endpoint's word for it is none of this one (RFC 6749 section 4.2.2.1).
    if (error instanceof OAuthError && error.code === 'invalid_grant')
      throw new OAuthError('access_denied', error.message);
    throw error;
  });
  if (!issued) throw answered();
  const { access, idToken, scope } = issued;
  answerClient(call, km, to, {
    access_token: access.value,
    token_type: 'Bearer',
    expires_in: String(expiresIn(access.expiresAt, seconds(km.clock), km.options)),
    scope,
    ...(type === 'id_token token' && idToken !== undefined && { id_token: idToken }),
  });
};
