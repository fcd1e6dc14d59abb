/** Certificates of clients and of back ends in SQL. What gateways know of them is part of the APIs (`apis.ts`). */
import type { Schema } from './schema.ts';
import type { Queryable } from './store.ts';

export type ClientCertificateRow = Schema['client_certificates'];
export type EndpointCertificateRow = Schema['endpoint_certificates'];

/** Of an API, by alias. */
export function clientCertificatesOf(db: Queryable, apiId: string): Promise<ClientCertificateRow[]> {
  return db.selectFrom('client_certificates').selectAll().where('api_id', '=', apiId).orderBy('alias').execute();
}

/** @throws the engine's constraint error when the alias is taken. */
export async function createClientCertificate(db: Queryable, row: ClientCertificateRow): Promise<void> {
  await db.insertInto('client_certificates').values(row).execute();
}

export async function updateClientCertificate(
  db: Queryable,
  { tenant, alias }: { tenant: string; alias: string },
  change: Partial<Pick<ClientCertificateRow, 'tier' | 'pem'>>,
): Promise<void> {
  if (Object.keys(change).length === 0) return;
  await db
    .updateTable('client_certificates')
    .set(change)
    .where('tenant', '=', tenant)
    .where('alias', '=', alias)
    .execute();
}

export async function deleteClientCertificate(db: Queryable, tenant: string, alias: string): Promise<void> {
  await db.deleteFrom('client_certificates').where('tenant', '=', tenant).where('alias', '=', alias).execute();
}

/** By alias. */
export function listEndpointCertificates(db: Queryable, tenant: string): Promise<EndpointCertificateRow[]> {
  return db.selectFrom('endpoint_certificates').selectAll().where('tenant', '=', tenant).orderBy('alias').execute();
}

/** @param authorities hosts with ports */
export async function endpointCertificatesOf(
  db: Queryable,
  tenant: string,
  authorities: readonly string[],
): Promise<EndpointCertificateRow[]> {
  if (authorities.length === 0) return [];
  return db
    .selectFrom('endpoint_certificates')
    .selectAll()
    .where('tenant', '=', tenant)
    .where('authority', 'in', authorities)
    .orderBy('alias')
    .execute();
}

export async function findEndpointCertificate(
  db: Queryable,
  tenant: string,
  alias: string,
): Promise<EndpointCertificateRow | null> {
  const query = db.selectFrom('endpoint_certificates').selectAll().where('tenant', '=', tenant);
  return (await query.where('alias', '=', alias).executeTakeFirst()) ?? null;
}

/** @throws the engine's constraint error when the alias is taken. */
export async function createEndpointCertificate(db: Queryable, row: EndpointCertificateRow): Promise<void> {
  await db.insertInto('endpoint_certificates').values(row).execute();
}

export async function replaceEndpointCertificate(
  db: Queryable,
  { tenant, alias, pem }: Pick<EndpointCertificateRow, 'tenant' | 'alias' | 'pem'>,
): Promise<void> {
  const query = db.updateTable('endpoint_certificates').set({ pem }).where('tenant', '=', tenant);
  await query.where('alias', '=', alias).execute();
}

export async function deleteEndpointCertificate(db: Queryable, tenant: string, alias: string): Promise<void> {
  await db.deleteFrom('endpoint_certificates').where('tenant', '=', tenant).where('alias', '=', alias).execute();
}
