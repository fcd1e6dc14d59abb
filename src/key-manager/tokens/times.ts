/** When tokens are issued and for how long they live. All times are seconds since the epoch. */
import { setTimeout } from 'node:timers/promises';
import { revokedUpTo } from '../../adapters/stores/revocations.ts';
import { never } from '../../core/revocation.ts';
import { type IssuerOptions, type KeyManager, seconds } from '../call.ts';
import { OAuthError } from '../oauth-error.ts';

/** `exp` of a token of this validity; below 0 = never. @param notAfter bounds it, whatever the validity */
export function expiresAt(issuedAt: number, validity: number, notAfter: number = never): number {
  return validity < 0 ? notAfter : Math.min(issuedAt + validity, notAfter);
}

/**
 * `expires_in`: what is left, less the skew, so that a client that obeys it meets no refusal from a server whose clock is
 * up to the skew ahead.
 */
export function expiresIn(expires: number, now: number, { timestampSkew }: IssuerOptions): number {
  return expires >= never ? never - now : expires - now - timestampSkew;
}

/** Whether so much is left of a token that it can be handed out again. */
export function lasts(expires: number, now: number, { timestampSkew }: IssuerOptions): boolean {
  return expires - now > Math.max(timestampSkew, 1);
}

/** Longer waits mean that somebody's clock went back. */
const longestWait = 2;

/**
 * The `iat` of what is issued next to this client for this subject.
 *
 * A revocation of all tokens of a subject or client includes its own second, and `iat` can't tell before from after
 * within one. So what begins in that second waits for the next; the user's password is verified after the wait.
 * @param beganAt `StoreHead.revokedAll` when the request began
 */
export async function issueTime(
  km: KeyManager,
  of: { subject: string; client: string },
  beganAt: number,
): Promise<number> {
  const key = `${of.client.length} ${of.client} ${of.subject}`;
  // What is revoked under a later number overtakes the request (`overtaken`).
  const until = await km.bounds.get(key, beganAt, () => revokedUpTo(km.store.db, km.options.issuer, of));
  for (;;) {
    const now = seconds(km.clock);
    if (now > until) return now;
    if (until - now > longestWait) {
      throw new OAuthError('temporarily_unavailable', 'the clock of the key manager has gone back', 503, {
        'retry-after': '60',
      });
    }
    await setTimeout((until + 1) * 1000 - km.clock.now());
  }
}
