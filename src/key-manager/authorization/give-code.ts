/** The answer: a code, which the client exchanges for tokens (RFC 6749 section 4.1.2). */
import { randomBytes } from 'node:crypto';
import { insertCode } from '../../adapters/stores/authorization-codes.ts';
import { linkSession, type SessionRow } from '../../adapters/stores/sessions.ts';
import { type Step, seconds } from '../call.ts';
import { logInOf, writeLogIn } from '../log-in/log-in.ts';
import { writeScope } from '../tokens/scopes.ts';
import { tokenHash } from '../tokens/token-hash.ts';
import { newTokenId } from '../tokens/token-id.ts';
import { type AuthorizationAnswer, answerClient } from './answer.ts';
import { challengeOf } from './check-pkce.ts';
import { answered, takePushed } from './pushed-request.ts';
import { refuseWithdrawn } from './require-consent.ts';
import { refuseLoggedOut } from './require-log-in.ts';

export const giveCode: Step = async (call, km) => {
  const { form, client, beganAt } = call;
  const session = call.session as SessionRow;
  const code = randomBytes(32).toString('base64url');
  const now = seconds(km.clock);
  const id = newTokenId();
  const given = await km.write(async (tx) => {
    await refuseLoggedOut(tx, call);
    await refuseWithdrawn(tx, call);
    if (!(await takePushed(tx, call))) return false;
    await insertCode(tx, {
      id,
      code_hash: tokenHash(code),
      consumer_key: client.consumer_key,
      subject: session.subject,
      scope: writeScope(call.scopes),
      redirect_uri: form.get('redirect_uri'),
      ...challengeOf(form, km),
      log_in: writeLogIn(logInOf(session, form)),
      began_at: beganAt,
      issued_at: now,
      expires_at: now + km.options.codeValidity,
      state: 'ACTIVE',
      dpop_jkt: form.get('dpop_jkt'),
    });
    await linkSession(tx, { session_id: session.id, consumer_key: client.consumer_key, family: id });
    return true;
  });
  if (!given) throw answered();
  answerClient(call, km, call.answerTo as AuthorizationAnswer, { code });
};
