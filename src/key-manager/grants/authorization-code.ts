/** Tokens for the code that a browser brought back to the client (RFC 6749 section 4.1.3). */
import { type CodeRow, endCode, findCodeByHash } from '../../adapters/stores/authorization-codes.ts';
import { verifies } from '../authorization/check-pkce.ts';
import { type KeyManager, seconds } from '../call.ts';
import { isPublic } from '../clients/client-metadata.ts';
import { mayUse } from '../clients/clients.ts';
import { readLogIn } from '../log-in/log-in.ts';
import { OAuthError } from '../oauth-error.ts';
import { issue } from '../tokens/issue.ts';
import { presentedAgain } from '../tokens/presented-again.ts';
import { rolesOf } from '../tokens/roles.ts';
import { readScope } from '../tokens/scopes.ts';
import { issueTime } from '../tokens/times.ts';
import { tokenHash } from '../tokens/token-hash.ts';
import { userPlan } from '../tokens/user-plan.ts';
import type { Grant } from './grant.ts';

export const authorizationCode: Grant = {
  grantType: 'authorization_code',
  parameters: ['code', 'redirect_uri', 'code_verifier'],
  async handle({ form, client, beganAt, confirmation }, km) {
    const code = await findCodeByHash(km.store.db, tokenHash(form.require('code')));
    // Whoever else presents it learns nothing, and ends nothing.
    if (!code || code.consumer_key !== client.consumer_key) throw dead('unknown code');
    if (code.state === 'USED') return presentedAgain(km, code);
    if (code.state === 'DEAD') throw dead('the code was presented wrongly before, or its session has ended');
    if (code.expires_at <= seconds(km.clock)) throw dead('the code has expired');
    if (code.redirect_uri !== form.get('redirect_uri')) {
      return kill(km, code, 'redirect_uri is not that of the request for authorization');
    }
    // It was none when the code was given: then the secret would have been what the verifier is now.
    if (code.code_challenge === null && isPublic(client)) return kill(km, code, 'a public client has to use PKCE');
    if (!verifies(code, form.get('code_verifier'))) return kill(km, code, 'code_verifier does not fit (PKCE)');

    if (code.dpop_jkt !== null && code.dpop_jkt !== confirmation.jkt) {
      return kill(km, code, 'the code is bound to another key (dpop_jkt)');
    }
    const issuedAt = await issueTime(km, { subject: code.subject, client: client.consumer_key }, beganAt);
    const roles = await rolesOf(km, code.subject);
    if (!roles) throw dead('the user is unknown');
    const plan = {
      ...(await userPlan(
        km,
        // What was revoked since the user agreed is not given.
        { client, beganAt: code.began_at, confirmation },
        {
          grantType: authorizationCode.grantType,
          subject: code.subject,
          roles,
          wanted: readScope(code.scope),
          issuedAt,
        },
      )),
      family: code.id,
      logIn: readLogIn(code.log_in),
    } as const;
    const issued = await issue(km, plan, mayUse(client, 'refresh_token'), (tx) => endCode(tx, code.id, 'USED'));
    // Presented twice at the same time: the other one got tokens, which end with it.
    return issued ?? presentedAgain(km, code);
  },
};

/** It was stolen, or its owner does not know what it belongs to: nobody gets a second attempt. */
async function kill(km: KeyManager, { id }: CodeRow, why: string): Promise<never> {
  await km.write((tx) => endCode(tx, id, 'DEAD'));
  throw dead(why);
}

const dead = (description: string): OAuthError => new OAuthError('invalid_grant', description);
