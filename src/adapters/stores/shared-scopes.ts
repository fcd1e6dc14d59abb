/** Scopes that several APIs use, in SQL. The APIs hold copies of them: what gateways know is with the APIs. */
import type { CatalogScope } from '../../core/catalog-api.ts';
import type { Schema } from './schema.ts';
import type { Queryable } from './store.ts';

export type SharedScopeRow = Schema['shared_scopes'];

/** As the APIs that use it hold it. */
export const toCatalogScope = (row: SharedScopeRow): CatalogScope => ({
  name: row.name,
  displayName: row.display_name,
  description: row.description,
  roles: JSON.parse(row.roles) as string[],
  shared: true,
});

/** A page by name, with the number of all and of the APIs that use each. */
export async function listSharedScopes(
  db: Queryable,
  tenant: string,
  { offset, limit }: { offset: number; limit: number },
): Promise<{ rows: (SharedScopeRow & { usage: number })[]; total: number }> {
  const query = db.selectFrom('shared_scopes').where('tenant', '=', tenant);
  const { total } = await query.select((e) => e.fn.countAll<number>().as('total')).executeTakeFirstOrThrow();
  const rows = await query.selectAll().orderBy('name').offset(offset).limit(limit).execute();
  const names = rows.map((row) => row.name);
  const counts = names.length === 0 ? [] : await usageCounts(db, names);
  const byName = new Map(counts.map((row) => [row.name, Number(row.usage)]));
  return { rows: rows.map((row) => ({ ...row, usage: byName.get(row.name) ?? 0 })), total: Number(total) };
}

export async function findSharedScope(db: Queryable, tenant: string, id: string): Promise<SharedScopeRow | null> {
  const query = db.selectFrom('shared_scopes').selectAll().where('tenant', '=', tenant).where('id', '=', id);
  return (await query.executeTakeFirst()) ?? null;
}

/** Those of the names that are shared scopes. */
export async function findSharedScopes(
  db: Queryable,
  tenant: string,
  names: readonly string[],
): Promise<SharedScopeRow[]> {
  if (names.length === 0) return [];
  const query = db.selectFrom('shared_scopes').selectAll().where('tenant', '=', tenant);
  return query.where('name', 'in', names).execute();
}

/** @throws the engine's constraint error when the tenant has a shared scope of that name. */
export async function createSharedScope(db: Queryable, row: SharedScopeRow): Promise<void> {
  await db.insertInto('shared_scopes').values(row).execute();
}

export async function updateSharedScope(
  db: Queryable,
  id: string,
  change: Pick<SharedScopeRow, 'display_name' | 'description' | 'roles' | 'updated_at'>,
): Promise<void> {
  await db.updateTable('shared_scopes').set(change).where('id', '=', id).execute();
}

export async function deleteSharedScope(db: Queryable, id: string): Promise<void> {
  await db.deleteFrom('shared_scopes').where('id', '=', id).execute();
}

/** Names of the tenant's APIs that have a scope of this name. */
export function apisWithScope(db: Queryable, tenant: string, name: string): Promise<{ id: string; name: string }[]> {
  return db
    .selectFrom('api_scopes')
    .innerJoin('apis', 'apis.id', 'api_scopes.api_id')
    .select(['apis.id', 'apis.name'])
    .where('apis.tenant', '=', tenant)
    .where('api_scopes.name', '=', name)
    .orderBy('apis.name')
    .orderBy('apis.version')
    .execute();
}

function usageCounts(db: Queryable, names: readonly string[]) {
  return db
    .selectFrom('api_scopes')
    .select(['name', (e) => e.fn.countAll<number>().as('usage')])
    .where('name', 'in', names)
    .groupBy('name')
    .execute();
}
