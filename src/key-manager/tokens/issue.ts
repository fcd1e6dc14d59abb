/** Gives out tokens: writes their rows, or hands a live opaque token out again. */
import type { HandedOut } from '../../adapters/stores/access-tokens.ts';
import { readHead } from '../../adapters/stores/change-log.ts';
import { findRefreshOf, type RefreshTokenRow } from '../../adapters/stores/refresh-tokens.ts';
import { revokedSince, revokedUpTo } from '../../adapters/stores/revocations.ts';
import type { Queryable, StoreHead, StoreTransaction } from '../../adapters/stores/store.ts';
import type { KeyManager } from '../call.ts';
import type { AccessToken, TokenPlan } from '../formats/format.ts';
import { formats } from '../formats/index.ts';
import { withIdToken } from '../log-in/id-token.ts';
import { OAuthError } from '../oauth-error.ts';
import { createRefreshToken, refreshTokenOf } from './refresh-tokens.ts';
import { refuseDropped } from './scopes.ts';
import { lasts } from './times.ts';

/** What a grant gives. */
export interface Issued {
  readonly access: AccessToken;
  readonly refreshToken: string | null;
  readonly scope: string;
  /** Absent without the scope `openid`. */
  readonly idToken?: string;
  /** Only of an exchange (RFC 8693 section 2.2.1). */
  readonly issuedTokenType?: string;
}

/** @throws OAuthError invalid_grant when what the grant rests on was revoked meanwhile. */
export async function issue(km: KeyManager, plan: TokenPlan, withRefresh: boolean): Promise<Issued>;
/** @param take uses up what the tokens are given for, in the transaction that writes them. Null when it was used up. */
export async function issue(
  km: KeyManager,
  plan: TokenPlan,
  withRefresh: boolean,
  take: (tx: StoreTransaction) => Promise<boolean>,
): Promise<Issued | null>;
export async function issue(
  km: KeyManager,
  plan: TokenPlan,
  withRefresh: boolean,
  take?: (tx: StoreTransaction) => Promise<boolean>,
): Promise<Issued | null> {
  if (km.options.strictScopes) refuseDropped(plan.asked, plan.scope.split(' '));
  const format = formats[plan.client.token_type];
  const answer = (access: AccessToken, refresh: RefreshTokenRow | null): Issued => ({
    access,
    refreshToken: refresh && refreshTokenOf(km.seal, refresh),
    scope: plan.scope,
  });

  // The usual case of an opaque token needs no transaction.
  const live = take ? null : await format.live(km, plan);
  if (live && lasts(live.expires_at, plan.issuedAt, km.options)) {
    if (!withRefresh) return answer(format.derive(km, live), null);
    const refresh = await keptRefresh(km.store.db, live, plan);
    if (refresh) return answer(format.derive(km, live), refresh);
  }

  const prepared = await format.prepare(km, plan);
  const isAlone = !take && !withRefresh && plan.family === undefined;
  if (isAlone && (await km.insertToken({ row: prepared.row, beganAt: plan.beganAt }))) {
    prepared.committed?.();
    return withIdToken(km, plan, answer(prepared.access, null));
  }
  const issued = await km.write(async (tx) => {
    if (await overtaken(tx, km, plan)) return 'overtaken';
    if (take && !(await take(tx))) return null;
    const refresh = withRefresh
      ? ((plan.family === undefined ? await keptRefresh(tx.db, await format.current(tx.db, plan), plan) : null) ??
        (await createRefreshToken(tx, km, plan)))
      : null;
    return answer(await prepared.write(tx, refresh?.family ?? plan.family ?? null), refresh);
  });
  if (issued === 'overtaken') {
    throw new OAuthError('invalid_grant', 'the tokens of this user or client were revoked meanwhile');
  }
  if (!issued) return null;
  prepared.committed?.();
  return withIdToken(km, plan, issued);
}

/**
 * Whether all tokens of the subject or client were revoked since the request began: a password that was changed while it
 * was being verified must give no token. By number, for the clocks of two nodes are never the same.
 */
export async function overtaken(tx: StoreTransaction, km: KeyManager, plan: TokenPlan): Promise<boolean> {
  // No subject's and no client's were since: `issueTime` has seen whatever was before.
  if ((await revokedAllIn(tx)) === plan.beganAt) return false;
  const of = { subject: plan.subject, client: plan.client.consumer_key };
  if (await revokedSince(tx.db, plan.beganAt, of, plan.issuedAt)) return true;
  return plan.issuedAt <= (await revokedUpTo(tx.db, km.options.issuer, of));
}

/** `StoreHead.revokedAll`; whoever shares the transaction shares the answer, for nobody else writes meanwhile. */
async function revokedAllIn(tx: StoreTransaction): Promise<number> {
  const known = heads.get(tx);
  if (known) return (await known).revokedAll;
  const reading = readHead(tx.db);
  heads.set(tx, reading);
  return (await reading).revokedAll;
}

const heads = new WeakMap<StoreTransaction, Promise<StoreHead>>();

/** The refresh token of an access token that is handed out again, if it is of use; a wider one is not given away. */
async function keptRefresh(db: Queryable, access: HandedOut | null, plan: TokenPlan): Promise<RefreshTokenRow | null> {
  return access && findRefreshOf(db, access.id, { scope: plan.scope, until: plan.issuedAt + 1 });
}
