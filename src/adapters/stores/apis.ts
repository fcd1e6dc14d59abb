/** The catalogue of APIs in SQL; every change is announced to the gateways. */
import type { Api } from '../../core/api.ts';
import type { CatalogApi } from '../../core/catalog-api.ts';
import { deployedApi } from '../../core/deployed-api.ts';
import type { Queryable, StoreTransaction } from './store.ts';
import { deleteSubscription } from './subscriptions.ts';

/** Opens the sealed password of an API's back end. */
export type OpenPassword = (api: CatalogApi) => string | null;

export async function findApi(db: Queryable, id: string): Promise<CatalogApi | null> {
  const row = await db.selectFrom('apis').select('body').where('id', '=', id).executeTakeFirst();
  return row ? (JSON.parse(row.body) as CatalogApi) : null;
}

/** The OpenAPI definition of an API, as JSON text. */
export async function findApiDefinition(db: Queryable, id: string): Promise<string | null> {
  const row = await db.selectFrom('apis').select('definition').where('id', '=', id).executeTakeFirst();
  return row?.definition ?? null;
}

/**
 * @param definition OpenAPI, as JSON text
 * @throws the engine's constraint error when the tenant has an API of that name or context and version.
 */
export async function createApi(
  tx: StoreTransaction,
  api: CatalogApi,
  { tenant, definition, open }: { tenant: string; definition: string; open?: OpenPassword },
): Promise<void> {
  await tx.db
    .insertInto('apis')
    .values({ id: api.id, tenant, ...columns(api), definition, created_at: api.createdAt })
    .execute();
  await insertParts(tx, api);
  announce(tx, api, open);
}

/** Replaces an API, and its definition if one is given. False when there is none of its id. */
export async function updateApi(
  tx: StoreTransaction,
  api: CatalogApi,
  { definition, open }: { definition?: string; open?: OpenPassword } = {},
): Promise<boolean> {
  const { numUpdatedRows } = await tx.db
    .updateTable('apis')
    .set({ ...columns(api), ...(definition !== undefined && { definition }) })
    .where('id', '=', api.id)
    .executeTakeFirstOrThrow();
  if (numUpdatedRows === 0n) return false;
  for (const table of ['api_scopes', 'api_tags', 'api_roles'] as const) {
    await tx.db.deleteFrom(table).where('api_id', '=', api.id).execute();
  }
  await insertParts(tx, api);
  announce(tx, api, open);
  return true;
}

/** Deletes an API with its subscriptions. */
export async function deleteApi(tx: StoreTransaction, id: string): Promise<boolean> {
  const subscriptions = await tx.db.selectFrom('subscriptions').select('id').where('api_id', '=', id).execute();
  for (const subscription of subscriptions) await deleteSubscription(tx, subscription.id);
  const { numDeletedRows } = await tx.db.deleteFrom('apis').where('id', '=', id).executeTakeFirstOrThrow();
  if (numDeletedRows === 0n) return false;
  tx.record({ kind: 'api', id, value: null });
  return true;
}

/** A scope as one API defines it. */
export interface DefinedScope {
  readonly name: string;
  /** Roles that may have it; empty = everybody. */
  readonly roles: readonly string[];
}

/** Those of the names that APIs define to which the application is subscribed. */
export async function subscribedScopes(
  db: Queryable,
  applicationId: string,
  names: readonly string[],
): Promise<DefinedScope[]> {
  if (names.length === 0) return [];
  const rows = await db
    .selectFrom('api_scopes')
    .innerJoin('subscriptions', 'subscriptions.api_id', 'api_scopes.api_id')
    .select(['api_scopes.name', 'api_scopes.roles'])
    .where('subscriptions.application_id', '=', applicationId)
    .where('subscriptions.state', 'not in', ['ON_HOLD', 'REJECTED'])
    .where('api_scopes.name', 'in', names)
    .execute();
  return rows.map((row) => ({ name: row.name, roles: JSON.parse(row.roles) as string[] }));
}

/** Those of the names that any API of the tenant defines. */
export async function definedScopeNames(db: Queryable, tenant: string, names: readonly string[]): Promise<Set<string>> {
  if (names.length === 0) return new Set();
  const rows = await db
    .selectFrom('api_scopes')
    .innerJoin('apis', 'apis.id', 'api_scopes.api_id')
    .select('api_scopes.name')
    .where('apis.tenant', '=', tenant)
    .where('api_scopes.name', 'in', names)
    .execute();
  return new Set(rows.map((row) => row.name));
}

function announce(tx: StoreTransaction, api: CatalogApi, open: OpenPassword | undefined): void {
  const value: Api = deployedApi(api, api.endpointSecurity ? (open?.(api) ?? null) : null);
  tx.record({ kind: 'api', id: api.id, value });
}

const columns = (api: CatalogApi) => ({
  name: api.name,
  context: api.context,
  version: api.version,
  provider: api.provider,
  status: api.status,
  type: api.type,
  description: api.description,
  visibility: api.visibility,
  access_control: api.accessControl,
  body: JSON.stringify(api),
  updated_at: api.updatedAt,
});

async function insertParts(tx: StoreTransaction, api: CatalogApi): Promise<void> {
  const scopes = api.scopes.map(({ name, roles }) => ({ api_id: api.id, name, roles: JSON.stringify(roles) }));
  if (scopes.length > 0) await tx.db.insertInto('api_scopes').values(scopes).execute();
  const tags = [...new Set(api.tags)].map((tag) => ({ api_id: api.id, tag }));
  if (tags.length > 0) await tx.db.insertInto('api_tags').values(tags).execute();
  const roles = [
    ...[...new Set(api.visibleRoles)].map((role) => ({ api_id: api.id, purpose: 'view' as const, role })),
    ...[...new Set(api.accessControlRoles)].map((role) => ({ api_id: api.id, purpose: 'edit' as const, role })),
  ];
  if (roles.length > 0) await tx.db.insertInto('api_roles').values(roles).execute();
}
