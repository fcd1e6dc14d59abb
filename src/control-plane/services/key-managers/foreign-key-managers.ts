/** Key managers that are not ours: their consumer keys can be mapped to applications. */
import { type KeyManagerRow, listKeyManagers } from '../../../adapters/stores/key-managers.ts';
import type { Queryable } from '../../../adapters/stores/store.ts';
import { RestError } from '../../../platform/rest-error.ts';

export interface ForeignKeyManager {
  readonly id: string;
  readonly name: string;
  readonly type: string;
  readonly description: string;
  /** `iss` of its tokens. */
  readonly issuer: string;
}

/** Those whose keys can be mapped: switched on, with tokens that gateways verify. By name. */
export async function foreignKeyManagers(db: Queryable, tenant: string): Promise<ForeignKeyManager[]> {
  const rows = await listKeyManagers(db, tenant);
  return rows.flatMap((row) => (row.enabled === 1 && row.issuer !== null ? [toForeign(row, row.issuer)] : []));
}

/** By name or id. @throws RestError 400 when there is none, or it is switched off */
export async function foreignKeyManager(db: Queryable, tenant: string, name: string): Promise<ForeignKeyManager> {
  const all = await foreignKeyManagers(db, tenant);
  const found = all.find((one) => one.name === name || one.id === name);
  if (found) return found;
  const names = all.map((one) => one.name).join(', ') || 'none besides our own';
  throw new RestError(400, `keyManager: there is no key manager ${JSON.stringify(name)} in use; there are: ${names}.`);
}

function toForeign({ id, name, body }: KeyManagerRow, issuer: string): ForeignKeyManager {
  const { type, description } = JSON.parse(body) as { type?: unknown; description?: unknown };
  return {
    id,
    name,
    issuer,
    type: typeof type === 'string' ? type : 'custom',
    description: typeof description === 'string' ? description : '',
  };
}
