/** For which application somebody logs in. */
import { findClient } from '../../adapters/stores/clients.ts';
import { parametersOf } from '../authorization/pushed-request.ts';
import type { KeyManager } from '../call.ts';
import { shownName } from '../clients/clients.ts';
import type { Interaction } from '../log-in/interaction.ts';
import { signOnAt } from '../service-providers/sign-on.ts';

/** As users see it; null where none asks: for a page of ours. */
export async function askingApplication(
  km: KeyManager,
  { query, backTo }: Pick<Interaction, 'query' | 'backTo'>,
): Promise<string | null> {
  const signOn = backTo === undefined ? null : await signOnAt(km, backTo);
  if (signOn) return signOn.provider.name;
  const id = query === '' ? null : (await parametersOf(km, query)).get('client_id');
  const client = id === null ? null : await findClient(km.store.db, id);
  return client && shownName(km.store.db, client);
}
