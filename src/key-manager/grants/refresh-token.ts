/**
 * New tokens for a refresh token (RFC 6749 section 6), which is thereby used up.
 *
 * A used one that comes again is either a client whose answer was lost, or a thief, or the client after a thief. Within
 * `refreshReuseWindow`, while its successor is unused, it is taken for the first and gets the same successor. Else
 * everything that came of the same grant is revoked (RFC 9700 section 4.14.2).
 */
import {
  findRefresh,
  findRefreshByHash,
  type RefreshTokenRow,
  useRefreshToken,
} from '../../adapters/stores/refresh-tokens.ts';
import { revokeAccessTokensOf, revokeFamily } from '../../adapters/stores/revocations.ts';
import type { StoreTransaction } from '../../adapters/stores/store.ts';
import { type KeyManager, seconds } from '../call.ts';
import type { PreparedToken, TokenPlan } from '../formats/format.ts';
import { formats } from '../formats/index.ts';
import { withIdToken } from '../log-in/id-token.ts';
import { readLogIn } from '../log-in/log-in.ts';
import { OAuthError } from '../oauth-error.ts';
import { writeConfirmation } from '../tokens/confirmation.ts';
import { type Issued, overtaken } from '../tokens/issue.ts';
import { createRefreshToken, refreshTokenOf } from '../tokens/refresh-tokens.ts';
import { rolesFor } from '../tokens/roles.ts';
import { narrow, readScope } from '../tokens/scopes.ts';
import { issueTime, lasts } from '../tokens/times.ts';
import { tokenHash } from '../tokens/token-hash.ts';
import { newTokenId } from '../tokens/token-id.ts';
import { userPlan } from '../tokens/user-plan.ts';
import type { Grant } from './grant.ts';

export const refreshToken: Grant = {
  grantType: 'refresh_token',
  parameters: ['refresh_token', 'scope'],
  async handle(request, km) {
    const { form, client, beganAt, confirmation } = request;
    const value = form.require('refresh_token');
    const asked = readScope(form.get('scope'));
    const found = await findRefreshByHash(km.store.db, tokenHash(value));
    if (!found || found.consumer_key !== client.consumer_key) throw dead('unknown refresh token');
    if (found.expires_at <= seconds(km.clock)) throw dead('the refresh token is expired');
    if (found.state === 'REVOKED') throw used();
    // A public client's: whoever else has it has not the key.
    if (found.confirmation !== '' && found.confirmation !== writeConfirmation(confirmation)) {
      throw dead('the refresh token is bound to another key');
    }
    const issuedAt = await issueTime(km, { subject: found.subject, client: client.consumer_key }, beganAt);
    const roles = await rolesFor(km, client, found.subject);
    if (!roles) throw dead('the user is unknown');
    const plan = {
      ...(await userPlan(km, request, {
        grantType: refreshToken.grantType,
        subject: found.subject,
        // Roles and subscriptions as they are now: what was taken from the user is not refreshed.
        roles,
        wanted: await narrow(km.store.db, client, found.scope.split(' '), asked),
        // Names that nobody defined are ignored, whatever the options say.
        asked: [],
        issuedAt,
        notAfter: found.not_after ?? undefined,
      })),
      ...(found.not_after === null ? {} : { notAfter: found.not_after }),
      ...(found.log_in === null ? {} : { logIn: { ...readLogIn(found.log_in), nonce: null } }),
    } as const;
    if (found.not_after !== null && !lasts(found.not_after, issuedAt, km.options)) {
      throw dead('what the grant rests on has too little time left');
    }
    const prepared = await formats[client.token_type].prepare(km, plan);
    const issued = await km.write((tx) => exchange(tx, km, { found, plan, prepared }));
    if (!issued) throw used();
    return withIdToken(km, plan, issued);
  },
};

/** Null when the token is dead. That is not thrown, since what is revoked with it has to be committed. */
async function exchange(
  tx: StoreTransaction,
  km: KeyManager,
  { found, plan, prepared }: { found: RefreshTokenRow; plan: TokenPlan; prepared: PreparedToken },
): Promise<Issued | null> {
  if (await overtaken(tx, km, plan)) return null;
  const { family, scope, grant_type: grantType } = found;
  const use = { successorId: newTokenId(), usedAtMs: km.clock.now() };
  if (await useRefreshToken(tx, found.id, use)) {
    const successor = await createRefreshToken(tx, km, { ...plan, id: use.successorId, family, scope, grantType });
    if (km.options.revokeOnRefresh) await revokeAccessTokensOf(tx, family, plan.issuedAt);
    const access = await prepared.write(tx, family, { fresh: true });
    return { access, refreshToken: refreshTokenOf(km.seal, successor), scope: plan.scope };
  }
  // It was used before, or somebody was faster.
  const row = await findRefresh(tx.db, found.id);
  if (!row || row.state === 'REVOKED') return null;
  const successor = await unusedSuccessor(tx, km, row);
  if (successor) {
    const access = await prepared.write(tx, row.family);
    return { access, refreshToken: refreshTokenOf(km.seal, successor), scope: plan.scope };
  }
  await revokeFamily(tx, row.family, plan.issuedAt);
  return null;
}

async function unusedSuccessor(
  tx: StoreTransaction,
  km: KeyManager,
  used: RefreshTokenRow,
): Promise<RefreshTokenRow | null> {
  const age = km.clock.now() - (used.used_at_ms ?? 0);
  if (used.successor_id === null || age > km.options.refreshReuseWindow * 1000) return null;
  const successor = await findRefresh(tx.db, used.successor_id);
  return successor?.state === 'ACTIVE' ? successor : null;
}

const used = (): OAuthError => dead('the refresh token was used already or is revoked');

const dead = (description: string): OAuthError => new OAuthError('invalid_grant', description);
