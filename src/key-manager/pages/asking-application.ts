/** For which application somebody logs in. */
import { findClient } from '../../adapters/stores/clients.ts';
import { parametersOf } from '../authorization/pushed-request.ts';
import type { KeyManager } from '../call.ts';
import { shownName } from '../clients/clients.ts';

/** As users see it; null where none asks: for a page of ours. @param query of the request for authorization; empty = none */
export async function askingApplication(km: KeyManager, query: string): Promise<string | null> {
  const id = query === '' ? null : (await parametersOf(km, query)).get('client_id');
  const client = id === null ? null : await findClient(km.store.db, id);
  return client && shownName(km.store.db, client);
}
