/** Somebody has logged in at an identity provider: his session here begins. */
import { findSession as findSessionById, type SessionRow } from '../../adapters/stores/sessions.ts';
import { takeAssertion } from '../../adapters/stores/used-assertions.ts';
import type { IdentityProvider } from '../../core/identity-provider.ts';
import { type Call, type KeyManager, seconds } from '../call.ts';
import { logInSource } from '../log-in/log-in-source.ts';
import { beginSession, findSession } from '../log-in/sessions.ts';
import { OAuthError } from '../oauth-error.ts';
import { assertedUser, isUnchanged, rememberUser } from './asserted-user.ts';
import type { Away } from './away.ts';
import type { AssertedIdentity } from './upstream.ts';

/** @throws OAuthError access_denied when the log-in is not as it was asked for, or was used already */
export async function enter(
  call: Call,
  km: KeyManager,
  provider: IdentityProvider,
  away: Away,
  identity: AssertedIdentity,
): Promise<void> {
  const { name, claims, methods, endsAt, once } = identity;
  const authenticatedAt = checkFreshness(km, away, identity.authenticatedAt);
  if (endsAt !== null && endsAt <= seconds(km.clock)) throw new OAuthError('access_denied', 'the log-in is over', 403);
  const user = await assertedUser(km, provider, identity);
  await beginSession(km, call.request, call.reply, {
    user: { tenant: provider.tenant, fullName: user.subject },
    methods,
    address: logInSource(km, call.request, 'stranger').address,
    beganAt: call.beganAt,
    former: await formerSession(call, km, away),
    vouched: {
      provider: provider.id,
      authenticatedAt,
      endsAt,
      async take(tx, { id: family, expires_at: expiresAt }) {
        if (!(await isUnchanged(tx, provider))) return false;
        if (!(await takeAssertion(tx, { ...once, family }))) return false;
        await rememberUser(tx, provider, user, { name, claims, expiresAt });
        return true;
      },
    },
  });
}

/** By its id where its cookie does not come along: with a form of somebody else's. */
async function formerSession({ request }: Call, km: KeyManager, { session }: Away): Promise<SessionRow | null> {
  return (await findSession(km, request)) ?? (session === null ? null : findSessionById(km.store.db, session));
}

/**
 * When the user showed who he is, by our clock; null = not known. That he had to do it again is a parameter that his browser carries, so what the provider
 * says of it counts, and a provider that says nothing of it has not done it.
 */
function checkFreshness({ clock, options }: KeyManager, { from, sentAt }: Away, at: number | null): number | null {
  const now = seconds(clock);
  const { fresh = false, maxAge = null } = from.asked ?? {};
  // The clock of the provider may be behind.
  if (at !== null && at >= sentAt - options.assertionSkew) return Math.min(now, Math.max(at, from.shownAt));
  const isLate = maxAge !== null && (at === null || at + maxAge < now);
  if (!fresh && !isLate) return at === null ? null : Math.min(now, at);
  throw new OAuthError(
    'access_denied',
    'the application wants you to log in anew, and this log-in is an earlier one',
    403,
  );
}
