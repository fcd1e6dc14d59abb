/** Who is logged in, as he would call himself. */
import { findFederatedUser } from '../../adapters/stores/federated-users.ts';
import { listIdentityProviders } from '../../adapters/stores/identity-providers.ts';
import { hasHiddenCharacters } from '../../core/hidden-characters.ts';
import { readFederatedSubject } from '../../core/identity-provider.ts';
import { defaultTenant, shownUserName } from '../../core/tenant.ts';
import type { KeyManager } from '../call.ts';

/** Of a user without an account here, what his identity provider says of him, and which one that is. */
export async function userName(km: KeyManager, subject: string): Promise<string> {
  const federated = readFederatedSubject(subject);
  if (!federated) return shownUserName(subject);
  const { name, email } = (await findFederatedUser(km.store.db, subject))?.claims ?? {};
  const said = [name, email].find((one) => one !== undefined && one.trim() !== '' && !hasHiddenCharacters(one));
  return `${shownUserName(said ?? federated.name)} (${await providerName(km, federated.provider)})`;
}

/** Of an identity provider, as the page for the log-in has it. */
export async function providerName(km: KeyManager, name: string): Promise<string> {
  const provider = (await listIdentityProviders(km.store.db, defaultTenant)).find((one) => one.name === name);
  return provider?.description || name;
}
