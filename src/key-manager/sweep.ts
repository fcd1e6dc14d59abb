/** Removes the rows of tokens and log-ins that expired a day ago: until then they say why a token is refused. */
import { removeExpiredAccessTokens } from '../adapters/stores/access-tokens.ts';
import { removeExpiredApiKeys } from '../adapters/stores/api-keys.ts';
import { removeExpiredCodes } from '../adapters/stores/authorization-codes.ts';
import { removeExpiredDeviceCodes, removeOldGuesses } from '../adapters/stores/device-codes.ts';
import { removeExpiredFederatedUsers } from '../adapters/stores/federated-users.ts';
import { removeExpiredPasswordLinks } from '../adapters/stores/password-links.ts';
import { removeExpiredPushed } from '../adapters/stores/pushed-requests.ts';
import { removeExpiredRefreshTokens } from '../adapters/stores/refresh-tokens.ts';
import { removeExpiredSessions } from '../adapters/stores/sessions.ts';
import { onlyTokens, type Store } from '../adapters/stores/store.ts';
import { removeExpiredAssertions } from '../adapters/stores/used-assertions.ts';
import { removeExpiredProofs } from '../adapters/stores/used-proofs.ts';
import type { Clock } from '../platform/clock.ts';
import type { Log } from '../platform/log.ts';
import { settledTime } from '../platform/settled-time.ts';

const removals = [
  removeExpiredAccessTokens,
  removeExpiredRefreshTokens,
  removeExpiredApiKeys,
  removeExpiredCodes,
  removeExpiredSessions,
  removeExpiredDeviceCodes,
  removeOldGuesses,
  removeExpiredProofs,
  removeExpiredPushed,
  removeExpiredFederatedUsers,
  removeExpiredAssertions,
  removeExpiredPasswordLinks,
];

/** Nobody asks later why one of these was refused. */
const atOnce = [removeExpiredProofs, removeExpiredPushed];

const everyMs = 600_000;
const day = 86_400;
/** Rows at a time, so that no request waits long. */
const batch = 500;

/** Begins to sweep every ten minutes, by a time that no leap of the clock moves. Returns the function that ends it. */
export function sweep(store: Store, clock: Clock, log: Log): () => void {
  const settled = settledTime(clock);
  const timer = setInterval(() => {
    const now = Math.floor(settled() / 1000);
    if (now <= 0) return;
    sweepOnce(store, now - day, now).catch((error) => log.error({ err: error }, 'expired tokens stay in the store'));
  }, everyMs);
  timer.unref();
  return () => clearInterval(timer);
}

/**
 * Removes what expired before `before` (seconds since the epoch).
 * @param now the time, for what goes as soon as it has expired; default `before`
 */
export async function sweepOnce(store: Store, before: number, now = before): Promise<void> {
  for (const remove of removals) {
    const until = atOnce.includes(remove) ? now : before;
    // In transactions, which take turns: alone a statement and a transaction could wait for each other's rows.
    while ((await store.transaction(({ db }) => remove(db, until, batch), onlyTokens)) === batch);
  }
}
