/** Removes the rows of tokens and log-ins that expired a day ago: until then they say why a token is refused. */
import { removeExpiredAccessTokens } from '../adapters/stores/access-tokens.ts';
import { removeExpiredApiKeys } from '../adapters/stores/api-keys.ts';
import { removeExpiredCodes } from '../adapters/stores/authorization-codes.ts';
import { removeExpiredDeviceCodes, removeOldGuesses } from '../adapters/stores/device-codes.ts';
import { removeExpiredFederatedUsers } from '../adapters/stores/federated-users.ts';
import { removeExpiredPasswordLinks } from '../adapters/stores/password-links.ts';
import { removeExpiredRefreshTokens } from '../adapters/stores/refresh-tokens.ts';
import { removeExpiredSessions } from '../adapters/stores/sessions.ts';
import type { Store } from '../adapters/stores/store.ts';
import { removeExpiredAssertions } from '../adapters/stores/used-assertions.ts';
import type { Clock } from '../platform/clock.ts';
import type { Log } from '../platform/log.ts';
import { seconds } from './call.ts';

const removals = [
  removeExpiredAccessTokens,
  removeExpiredRefreshTokens,
  removeExpiredApiKeys,
  removeExpiredCodes,
  removeExpiredSessions,
  removeExpiredDeviceCodes,
  removeOldGuesses,
  removeExpiredFederatedUsers,
  removeExpiredAssertions,
  removeExpiredPasswordLinks,
];

const everyMs = 600_000;
const day = 86_400;
/** Rows at a time, so that no request waits long. */
const batch = 500;

/** Begins to sweep every ten minutes. Returns the function that ends it. */
export function sweep(store: Store, clock: Clock, log: Log): () => void {
  const timer = setInterval(() => {
    sweepOnce(store, seconds(clock) - day).catch((error) =>
      log.error({ err: error }, 'expired tokens stay in the store'),
    );
  }, everyMs);
  timer.unref();
  return () => clearInterval(timer);
}

/** Removes what expired before `before` (seconds since the epoch). */
export async function sweepOnce(store: Store, before: number): Promise<void> {
  for (const remove of removals) {
    // In transactions, which take turns: alone a statement and a transaction could wait for each other's rows.
    while ((await store.transaction(({ db }) => remove(db, before, batch))) === batch);
  }
}
