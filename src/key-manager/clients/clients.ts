/** What a client may do, and what people call it. */
import { findApplication } from '../../adapters/stores/applications.ts';
import type { ClientRow } from '../../adapters/stores/clients.ts';
import type { Queryable } from '../../adapters/stores/store.ts';

export function mayUse(client: ClientRow, grantType: string): boolean {
  return client.grant_types.split(' ').includes(grantType);
}

/** The name of its application, as people know it, or its own. */
export async function shownName(db: Queryable, client: ClientRow): Promise<string> {
  const application = client.application_id === null ? null : await findApplication(db, client.application_id);
  return application?.name ?? client.name;
}
