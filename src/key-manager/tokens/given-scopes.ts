/** What of a scope a client gets for a user: about this he is asked, and about nothing else. */
import type { ClientRow } from '../../adapters/stores/clients.ts';
import type { KeyManager } from '../call.ts';
import { rolesOf } from './roles.ts';
import { allowedScopes, refuseDropped } from './scopes.ts';

/** @throws OAuthError invalid_scope where nothing is dropped without a word (`tokens.strictScopes`) */
export async function givenScopes(
  km: KeyManager,
  client: ClientRow,
  subject: string,
  asked: readonly string[],
): Promise<readonly string[]> {
  const given = await allowedScopes(km.store.db, client, (await rolesOf(km, subject)) ?? [], asked);
  if (km.options.strictScopes) refuseDropped(asked, given);
  return given;
}
