/** Keeps an access token until it expires or is refused, and has it renewed once, however many need it. */
import type { Clock } from '../../../platform/clock.ts';
import type { AccessToken, AccessTokens } from './credentials.ts';

/**
 * Milliseconds for which a renewal that failed is not tried again, nor one because of a refusal: a token endpoint that
 * is down, and a key manager that refuses everything, make no storm.
 */
const pause = 1000;

/** @param renew asked for another one than `rejected` */
export function keepToken(renew: (rejected: string | null) => Promise<AccessToken>, clock: Clock): AccessTokens {
  let current: AccessToken | null = null;
  let renewing: Promise<AccessToken> | null = null;
  let refusedAt = Number.NEGATIVE_INFINITY;
  let failure: { readonly error: Error; readonly at: number } | null = null;
  const isRecent = (at: number): boolean => Math.abs(clock.now() - at) < pause;

  const renewNow = async (rejected: string | null): Promise<AccessToken> => {
    try {
      current = await renew(rejected);
      failure = null;
      return current;
    } catch (error) {
      failure = { error: error as Error, at: clock.now() };
      throw error;
    } finally {
      renewing = null;
    }
  };
  return {
    async get(rejected) {
      if (renewing) return renewing;
      if (current && (current.expires === null || clock.now() < current.expires)) {
        if (current.value !== rejected || isRecent(refusedAt)) return current;
        refusedAt = clock.now();
      }
      if (failure && isRecent(failure.at)) throw failure.error;
      renewing = renewNow(rejected);
      return renewing;
    },
  };
}
