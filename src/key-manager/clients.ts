/** What a client may do. */
import type { ClientRow } from '../adapters/stores/clients.ts';

export function mayUse(client: ClientRow, grantType: string): boolean {
  return client.grant_types.split(' ').includes(grantType);
}
