/** Who is logged in, as he would call himself. */
import { findFederatedUser } from '../../adapters/stores/federated-users.ts';
import { hasHiddenCharacters } from '../../core/hidden-characters.ts';
import { readFederatedSubject } from '../../core/identity-provider.ts';
import type { KeyManager } from '../call.ts';

/** Of a user without an account here, what his identity provider says of him, and which one that is. */
export async function userName(km: KeyManager, subject: string): Promise<string> {
  const federated = readFederatedSubject(subject);
  if (!federated) return subject;
  const { name, email } = (await findFederatedUser(km.store.db, subject))?.claims ?? {};
  const said = [name, email].find((one) => one !== undefined && one.trim() !== '' && !hasHiddenCharacters(one));
  return `${said ?? federated.name} (${federated.provider})`;
}
