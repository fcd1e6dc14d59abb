/** The catalogue of APIs in SQL; every change is announced to the gateways. */
import type { Api } from '../../core/api.ts';
import type { CatalogApi } from '../../core/catalog-api.ts';
import { authorityOf, deployedApi, endpointUrls } from '../../core/deployed-api.ts';
import { acceptedCertificate } from '../trust-stores/accepted-certificate.ts';
import { clientCertificatesOf, endpointCertificatesOf } from './certificates.ts';
import type { Queryable, StoreTransaction } from './store.ts';
import { deleteSubscription } from './subscriptions.ts';

export async function findApi(db: Queryable, id: string): Promise<CatalogApi | null> {
  const row = await db.selectFrom('apis').select('body').where('id', '=', id).executeTakeFirst();
  return row ? (JSON.parse(row.body) as CatalogApi) : null;
}

/** The OpenAPI definition of an API, as JSON text. */
export async function findApiDefinition(db: Queryable, id: string): Promise<string | null> {
  const row = await db.selectFrom('apis').select('definition').where('id', '=', id).executeTakeFirst();
  return row?.definition ?? null;
}

/** By name, for the tenant. */
export async function apisNamed(db: Queryable, tenant: string, name: string): Promise<CatalogApi[]> {
  const query = db.selectFrom('apis').select('body').where('tenant', '=', tenant).where('name', '=', name);
  return (await query.execute()).map((row) => JSON.parse(row.body) as CatalogApi);
}

/** APIs with one of these facets: those that a change of what they refer to concerns. */
export async function apisWithFacet(
  db: Queryable,
  tenant: string,
  kind: string,
  values: readonly string[],
): Promise<CatalogApi[]> {
  if (values.length === 0) return [];
  const rows = await db
    .selectFrom('apis')
    .select('body')
    .where('tenant', '=', tenant)
    .where(
      'id',
      'in',
      db.selectFrom('api_facets').select('api_id').where('kind', '=', kind).where('value', 'in', values),
    )
    .execute();
  return rows.map((row) => JSON.parse(row.body) as CatalogApi);
}

/**
 * @param definition OpenAPI, as JSON text
 * @throws the engine's constraint error when the tenant has an API of that name or context and version.
 */
export async function createApi(
  tx: StoreTransaction,
  api: CatalogApi,
  { tenant, definition }: { tenant: string; definition: string },
): Promise<void> {
  await tx.db
    .insertInto('apis')
    .values({ id: api.id, tenant, ...columns(api), definition, created_at: api.createdAt })
    .execute();
  await insertParts(tx, api);
  await announceApi(tx, api, tenant);
}

/** Replaces an API, and its definition if one is given. False when there is none of its id. */
export async function updateApi(
  tx: StoreTransaction,
  api: CatalogApi,
  { definition }: { definition?: string } = {},
): Promise<boolean> {
  const row = await tx.db
    .updateTable('apis')
    .set({ ...columns(api), ...(definition !== undefined && { definition }) })
    .where('id', '=', api.id)
    .returning('tenant')
    .executeTakeFirst();
  if (!row) return false;
  for (const table of ['api_scopes', 'api_tags', 'api_roles', 'api_facets'] as const) {
    await tx.db.deleteFrom(table).where('api_id', '=', api.id).execute();
  }
  await insertParts(tx, api);
  await announceApi(tx, api, row.tenant);
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

/**
 * Those of the names that APIs define to which the application is subscribed; each as all the versions in use define it,
 * since a token has a scope for all of them.
 */
export async function subscribedScopes(
  db: Queryable,
  applicationId: string,
  names: readonly string[],
): Promise<DefinedScope[]> {
  if (names.length === 0) return [];
  const subscribed = db
    .selectFrom('api_scopes')
    .innerJoin('subscriptions', 'subscriptions.api_id', 'api_scopes.api_id')
    .innerJoin('apis', 'apis.id', 'api_scopes.api_id')
    .select(['api_scopes.name', 'apis.tenant'])
    .distinct()
    .where('subscriptions.application_id', '=', applicationId)
    .where('subscriptions.state', 'not in', ['ON_HOLD', 'REJECTED'])
    .where('api_scopes.name', 'in', names)
    .as('subscribed');
  const rows = await db
    .selectFrom(subscribed)
    .innerJoin('api_scopes', 'api_scopes.name', 'subscribed.name')
    .innerJoin('apis', 'apis.id', 'api_scopes.api_id')
    .select(['api_scopes.name', 'api_scopes.roles'])
    .distinct()
    .whereRef('apis.tenant', '=', 'subscribed.tenant')
    .where('apis.status', 'not in', ['CREATED', 'RETIRED'])
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

/** Tells the gateways how the API is now; by itself when something changed that is kept beside it. */
export async function announceApi(tx: StoreTransaction, api: CatalogApi, tenant: string): Promise<void> {
  const urls = endpointUrls(api.endpointConfig).filter((url) => url.startsWith('https:'));
  const trust = new Map<string, string[]>();
  for (const { authority, pem } of await endpointCertificatesOf(tx.db, tenant, urls.map(authorityOf))) {
    trust.set(authority, [...(trust.get(authority) ?? []), pem]);
  }
  const rows = api.securityScheme.includes('mutualssl') ? await clientCertificatesOf(tx.db, api.id) : [];
  const value: Api = deployedApi(api, {
    trust,
    clientCertificates: rows.map(({ pem, tier }) => acceptedCertificate(pem, tier)),
  });
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
  const facets = facetsOf(api).map(([kind, value]) => ({ api_id: api.id, kind, value }));
  if (facets.length > 0) await tx.db.insertInto('api_facets').values(facets).execute();
}

function resourcePolicies({ apiThrottlingPolicy, operations }: CatalogApi): string[] {
  const names = [apiThrottlingPolicy ?? '', ...operations.map(({ throttlingPolicy }) => throttlingPolicy)];
  return names.filter((name) => name !== '');
}

/** What an API is found by besides its columns and tags, each once. */
function facetsOf(api: CatalogApi): [kind: string, value: string][] {
  const properties = (api.more.additionalProperties ?? {}) as Record<string, unknown>;
  const facets: [string, string][] = [
    ...api.operations.map(({ target }) => ['path', target] as [string, string]),
    ...api.categories.map((name) => ['category', name] as [string, string]),
    ...((api.more.labels ?? []) as string[]).map((name) => ['label', name] as [string, string]),
    ...api.policies.map((name) => ['policy:subscription', name] as [string, string]),
    ...resourcePolicies(api).map((name) => ['policy:resource', name] as [string, string]),
    ...endpointUrls(api.endpointConfig).map((url) => ['endpoint', authorityOf(url)] as [string, string]),
    ...Object.entries(properties).map(([name, value]) => [`property:${name}`, String(value)] as [string, string]),
  ];
  return [...new Map(facets.map((facet) => [JSON.stringify(facet), facet])).values()];
}
