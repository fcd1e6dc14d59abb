/** Service providers in SQL. */
import type { ServiceProvider } from '../../core/service-provider.ts';
import type { Schema } from './schema.ts';
import type { Queryable, StoreTransaction } from './store.ts';

type Row = Schema['service_providers'];

/** By name. */
export async function listServiceProviders(db: Queryable, tenant: string): Promise<ServiceProvider[]> {
  const rows = await db
    .selectFrom('service_providers')
    .selectAll()
    .where('tenant', '=', tenant)
    .orderBy('name')
    .execute();
  return rows.map(fromRow);
}

export async function findServiceProvider(db: Queryable, id: string): Promise<ServiceProvider | null> {
  const row = await db.selectFrom('service_providers').selectAll().where('id', '=', id).executeTakeFirst();
  return row ? fromRow(row) : null;
}

/** The enabled one whose requests have this `Issuer`. */
export async function findIssuerOfRequests(
  db: Queryable,
  tenant: string,
  entityId: string,
): Promise<ServiceProvider | null> {
  const row = await db
    .selectFrom('service_providers')
    .selectAll()
    .where('tenant', '=', tenant)
    .where('entity_id', '=', entityId)
    .where('enabled', '=', 1)
    .executeTakeFirst();
  return row ? fromRow(row) : null;
}

/** @throws the engine's unique violation when name or entity id are taken */
export async function insertServiceProvider(tx: StoreTransaction, provider: ServiceProvider): Promise<void> {
  await tx.db.insertInto('service_providers').values(toRow(provider)).execute();
}

/** As `insertServiceProvider`. */
export async function updateServiceProvider(tx: StoreTransaction, provider: ServiceProvider): Promise<void> {
  await tx.db.updateTable('service_providers').set(toRow(provider)).where('id', '=', provider.id).execute();
}

export async function deleteServiceProvider(tx: StoreTransaction, id: string): Promise<void> {
  await tx.db.deleteFrom('service_providers').where('id', '=', id).execute();
}

function toRow({ id, tenant, name, entityId, enabled, ...body }: ServiceProvider): Row {
  return { id, tenant, name, entity_id: entityId, enabled: enabled ? 1 : 0, body: JSON.stringify(body) };
}

function fromRow({ id, tenant, name, entity_id, enabled, body }: Row): ServiceProvider {
  type Body = Omit<ServiceProvider, 'id' | 'tenant' | 'name' | 'entityId' | 'enabled'>;
  return { id, tenant, name, entityId: entity_id, enabled: enabled === 1, ...(JSON.parse(body) as Body) };
}
