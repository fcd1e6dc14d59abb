/** Why nobody logs in. The user reads it, and the log has what only its owner should. */
import type { IdentityProvider } from '../../../core/identity-provider.ts';
import type { KeyManager } from '../../call.ts';
import { OAuthError } from '../../oauth-error.ts';

/** What the provider said is not good. */
export const refuse = (why: string): never => {
  throw new OAuthError('access_denied', `the log-in is refused: ${why}`, 403);
};

/** It can't be asked, or answers nonsense. @param what of it was wanted */
export function unavailable(
  km: KeyManager,
  { name, description }: IdentityProvider,
  what: 'metadata' | 'keys' | 'tokens' | 'user info',
  error: Error,
): never {
  km.log.warn({ provider: name, what, reason: error.message }, 'an identity provider can not be used for a log-in');
  const why = `log-in with ${description || name} does not work at the moment; try again later`;
  throw new OAuthError('temporarily_unavailable', why, 503, { 'retry-after': '30' });
}
