/** The roles that decide about a user's scopes. */
import type { ClientRow } from '../../adapters/stores/clients.ts';
import { findFederatedUser } from '../../adapters/stores/federated-users.ts';
import { isFederated } from '../../core/identity-provider.ts';
import type { KeyManager } from '../call.ts';
import { readOnce } from '../clients/known-clients.ts';

/** As they are now, or as the store said since the client was read; for whoever answers many requests of one client. */
export const rolesFor = (km: KeyManager, client: ClientRow, subject: string): Promise<readonly string[] | null> =>
  // Others than users in the store change without a trace in it.
  km.users.areInStore && !isFederated(subject)
    ? readOnce(client, `roles ${subject}`, () => rolesOf(km, subject))
    : rolesOf(km, subject);

/** As they are now, or as his identity provider last said; null when there is no such user, or his provider is out of use. */
export async function rolesOf(km: KeyManager, subject: string): Promise<readonly string[] | null> {
  const user = isFederated(subject) ? await findFederatedUser(km.store.db, subject) : await km.users.find(subject);
  return user?.roles ?? null;
}
