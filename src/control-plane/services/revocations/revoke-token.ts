/** Revokes one token of ours, whatever its kind: an access or refresh token, a `jti`, an API key. */
import { findApiKey, revokeApiKey } from '../../../adapters/stores/api-keys.ts';
import { recordAudit } from '../../../adapters/stores/audit-log.ts';
import { never } from '../../../core/revocation.ts';
import { RestError } from '../../../platform/rest-error.ts';
import { type ControlPlaneDeps, seconds } from '../../deps.ts';
import type { Caller } from '../../rest/caller.ts';
import type { RevocationAnswer } from './revocation-answer.ts';

/** @throws RestError 404 when it is unknown or dead */
export async function revokeToken(deps: ControlPlaneDeps, token: string, caller: Caller): Promise<RevocationAnswer> {
  const { revoker } = deps.keyManager;
  const revoked = await revoker.revokeAny(token, async (tx, { kind, id, subject, consumerKey }) => {
    await recordAudit(tx, {
      actor: caller.fullName,
      action: 'revoke',
      kind: kind === 'access' ? 'access-token' : 'refresh-token',
      id,
      name: id,
      before: { user: subject, consumerKey },
      at: deps.clock.now(),
    });
  });
  if (revoked) {
    const { kind, id, subject, consumerKey, expires, accessTokens, refreshTokens } = revoked;
    return {
      kind: kind === 'access' ? 'accessToken' : 'refreshToken',
      value: id,
      user: subject,
      consumerKey,
      ...(expires < never && { expires }),
      accessTokens,
      refreshTokens,
    };
  }
  const answer = await revokeKey(deps, token, caller);
  if (!answer) {
    throw new RestError(404, 'No such token is good: it is unknown, has expired or was revoked before.');
  }
  return answer;
}

/** Null when it is no API key, or a dead one. */
async function revokeKey(deps: ControlPlaneDeps, text: string, caller: Caller): Promise<RevocationAnswer | null> {
  const now = seconds(deps.clock);
  const jti = text.includes('.') ? await deps.keyManager.readApiKey(text) : text;
  if (jti === null) return null;
  return deps.store.transaction(async (tx) => {
    const row = await findApiKey(tx.db, jti);
    if (row?.state !== 'ACTIVE' || row.expires_at <= now) return null;
    await revokeApiKey(tx, row);
    await recordAudit(tx, {
      actor: caller.fullName,
      action: 'revoke',
      kind: 'api-key',
      id: jti,
      name: jti,
      before: { user: row.created_by, application: row.application_id },
      at: deps.clock.now(),
    });
    const expires = row.expires_at;
    return { kind: 'apiKey', value: jti, user: row.created_by, ...(expires < never && { expires }), apiKeys: 1 };
  });
}
