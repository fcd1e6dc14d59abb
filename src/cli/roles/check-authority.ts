/**
 * Whether the authority in `certificates/` is that of the installation. A node with another one works for everybody but
 * the gateways that are enrolled: they don't believe it, and nobody notices before they need it.
 */
import { join } from 'node:path';
import type { Store } from '../../adapters/stores/store.ts';
import { authorityFingerprint } from '../../platform/gateway-issuer.ts';
import type { Settings } from '../settings.ts';

/** Where the store keeps the fingerprint of the authority that it was first used with. */
const key = 'authority';

/**
 * Keeps the first one. That of an embedded store is replaced by another: its only node is the installation.
 * @param ca certificate of the authority of this node, PEM
 * @returns what the operator has to be told; null = all is well
 */
export async function checkAuthority(
  store: Store,
  { data, options }: Pick<Settings, 'data' | 'options'>,
  ca: string,
): Promise<string | null> {
  const value = authorityFingerprint(ca);
  const isOnlyNode = options.store.url === '';
  const known = await store.transaction(async ({ db }) => {
    const row = await db.selectFrom('meta').select('value').where('key', '=', key).executeTakeFirst();
    if (row?.value === value) return value;
    if (!row) await db.insertInto('meta').values({ key, value }).execute();
    else if (isOnlyNode) await db.updateTable('meta').set({ value }).where('key', '=', key).execute();
    return row?.value ?? value;
  });
  if (known === value) return null;
  const folder = join(data, 'certificates');
  return isOnlyNode
    ? `${folder} has another authority than before: gateways elsewhere have to enrol again, unless the folder that was there comes back`
    : `${folder} has another authority than the installation: gateways that are enrolled can not follow this node; stop it, and copy certificates/ of another node there (if a new authority is meant, see docs/guides/several-nodes.md)`;
}
