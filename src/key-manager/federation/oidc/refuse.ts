/** Why nobody logs in. The user reads it, and the log has what only its owner should. */
import type { KeyManager } from '../../call.ts';
import { OAuthError } from '../../oauth-error.ts';

/** What the provider said is not good. */
export const refuse = (why: string): never => {
  throw new OAuthError('access_denied', `the log-in is refused: ${why}`, 403);
};

/** It can't be asked, or answers nonsense. */
export function unavailable(km: KeyManager, provider: string, what: string, error: unknown): never {
  km.log.warn({ err: error, provider }, 'an identity provider can not be used for a log-in');
  throw new OAuthError('temporarily_unavailable', `${provider} does not give ${what}; try again later`, 503, {
    'retry-after': '30',
  });
}
