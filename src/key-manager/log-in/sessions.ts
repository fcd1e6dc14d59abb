/** Browsers in which somebody has logged in. */
import { randomBytes, randomUUID } from 'node:crypto';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { endSession as endRow } from '../../adapters/stores/end-session.ts';
import { revokedSince } from '../../adapters/stores/revocations.ts';
import { findSessionByHash, insertSession, type SessionRow } from '../../adapters/stores/sessions.ts';
import { onlyTokens, type StoreTransaction } from '../../adapters/stores/store.ts';
import type { User } from '../../adapters/user-stores/user-store.ts';
import { type KeyManager, seconds } from '../call.ts';
import { OAuthError } from '../oauth-error.ts';
import { tokenHash } from '../tokens/token-hash.ts';
import { readCookie, setCookie } from './cookies.ts';

/** The session of the browser that sends the request; null when nobody has logged in, or not any more. */
export async function findSession(km: KeyManager, request: FastifyRequest): Promise<SessionRow | null> {
  const secret = readCookie(request, 'session');
  const found = secret && (await findSessionByHash(km.store.db, tokenHash(secret)));
  return found && found.expires_at > seconds(km.clock) ? found : null;
}

export interface NewSession {
  readonly user: Pick<User, 'tenant' | 'fullName'>;
  /** RFC 8176; none = not known. */
  readonly methods: readonly string[];
  readonly address: string;
  /** `StoreHead.revokedAll` when the request began. */
  readonly beganAt: number;
  /** That of the browser until now, which ends: its name must not outlive a log-in (session fixation). */
  readonly former: SessionRow | null;
  /** Only of a log-in that an identity provider vouches for. */
  readonly vouched?: Vouched;
}

export interface Vouched {
  /** Id of the provider. */
  readonly provider: string;
  /** When the user showed there who he is, in seconds since the epoch; null = not known. */
  readonly authenticatedAt: number | null;
  /** The session lives no longer; null = as long as others. */
  readonly endsAt: number | null;
  /** Uses up the provider's word, in the transaction that begins the session. False when it is good no more. */
  take(tx: StoreTransaction, session: SessionRow): Promise<boolean>;
}

/**
 * Begins a session in the browser that gets the answer.
 * @param within the transaction that decides it; what that one itself revokes came before. Default: one of its own
 * @throws OAuthError access_denied when everything of the user was revoked meanwhile: his password was changed, say.
 */
export async function beginSession(
  km: KeyManager,
  request: FastifyRequest,
  reply: FastifyReply,
  begin: NewSession,
  within?: StoreTransaction,
) {
  const { user, former, vouched } = begin;
  const secret = randomBytes(32).toString('base64url');
  const now = seconds(km.clock);
  // Who logs in again stays in his session, as clients know it; but not in one that rests on another provider's word.
  const provider = former?.provider_id ?? null;
  const stays =
    former?.subject === user.fullName && (!vouched || provider === null || provider === vouched.provider)
      ? former
      : null;
  const row: SessionRow = {
    id: stays?.id ?? randomUUID(),
    secret_hash: tokenHash(secret),
    tenant: user.tenant,
    subject: user.fullName,
    methods: begin.methods.join(' '),
    authenticated_at: vouched ? (vouched.authenticatedAt ?? 0) : now,
    created_at: stays?.created_at ?? now,
    expires_at: Math.min(now + km.options.sessionValidity, vouched?.endsAt ?? Number.POSITIVE_INFINITY),
    address: begin.address,
    user_agent: (request.headers['user-agent'] ?? '').slice(0, 200),
    // What was given in it before still rests on that.
    provider_id: vouched?.provider ?? stays?.provider_id ?? null,
  };
  const write = async (tx: StoreTransaction) => {
    if (await revokedSince(tx.db, begin.beganAt, { subject: user.fullName, client: '' }, now)) return false;
    if (vouched && !(await vouched.take(tx, row))) return false;
    if (stays) {
      const { id, ...change } = row;
      const { numUpdatedRows } = await tx.db
        .updateTable('sessions')
        .set(change)
        .where('id', '=', id)
        .executeTakeFirstOrThrow();
      if (numUpdatedRows === 1n) return true;
    } else if (former) {
      await endRow(tx, former.id, now);
    }
    await insertSession(tx, row);
    return true;
  };
  const begun = await (within ? write(within) : km.store.transaction(write, onlyTokens));
  if (!begun) {
    const why = vouched
      ? 'the log-in was used already, or is no longer believed'
      : 'the password was changed meanwhile';
    throw new OAuthError('access_denied', `${why}; log in once more`, 403);
  }
  setCookie(reply, 'session', secret, row.expires_at - now);
}

/** Ends the session in the browser that gets the answer, with what clients were given in it. */
export async function endSession(km: KeyManager, reply: FastifyReply, session: SessionRow): Promise<void> {
  await km.store.transaction((tx) => endRow(tx, session.id, seconds(km.clock)), onlyTokens);
  setCookie(reply, 'session', '', 0);
}
