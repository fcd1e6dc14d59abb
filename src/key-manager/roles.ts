/** The roles that decide about a user's scopes. */
import { findFederatedUser } from '../adapters/stores/federated-users.ts';
import { isFederated } from '../core/identity-provider.ts';
import type { KeyManager } from './call.ts';

/** As they are now, or as his identity provider last said; null when there is no such user, or his provider is out of use. */
export async function rolesOf(km: KeyManager, subject: string): Promise<readonly string[] | null> {
  const user = isFederated(subject) ? await findFederatedUser(km.store.db, subject) : await km.users.find(subject);
  return user?.roles ?? null;
}
