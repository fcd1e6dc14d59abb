/** APIs in SQL; every change is announced to the gateways. */
import type { Api } from '../../core/api.ts';
import type { Queryable, StoreTransaction } from './store.ts';
import { deleteSubscription } from './subscriptions.ts';

export async function findApi(db: Queryable, id: string): Promise<Api | null> {
  const row = await db.selectFrom('apis').select('body').where('id', '=', id).executeTakeFirst();
  return row ? (JSON.parse(row.body) as Api) : null;
}

/** All APIs of a tenant, by name and version. */
export async function listApis(db: Queryable, tenant: string): Promise<Api[]> {
  const rows = await db
    .selectFrom('apis')
    .select('body')
    .where('tenant', '=', tenant)
    .orderBy('name')
    .orderBy('version')
    .execute();
  return rows.map((row) => JSON.parse(row.body) as Api);
}

/** @throws the engine's constraint error when the tenant has an API of that context and version. */
export async function createApi(
  tx: StoreTransaction,
  api: Api,
  { tenant, createdAt }: { tenant: string; createdAt: number },
): Promise<void> {
  await tx.db
    .insertInto('apis')
    .values({ id: api.id, tenant, ...columns(api), created_at: createdAt })
    .execute();
  await insertScopes(tx, api);
  tx.record({ kind: 'api', id: api.id, value: api });
}

/** Replaces an API. False when there is none of its id. */
export async function updateApi(tx: StoreTransaction, api: Api): Promise<boolean> {
  const { numUpdatedRows } = await tx.db
    .updateTable('apis')
    .set(columns(api))
    .where('id', '=', api.id)
    .executeTakeFirstOrThrow();
  if (numUpdatedRows === 0n) return false;
  await tx.db.deleteFrom('api_scopes').where('api_id', '=', api.id).execute();
  await insertScopes(tx, api);
  tx.record({ kind: 'api', id: api.id, value: api });
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

const columns = (api: Api) => ({
  name: api.name,
  context: api.context,
  version: api.version,
  provider: api.provider,
  body: JSON.stringify(api),
});

async function insertScopes(tx: StoreTransaction, api: Api): Promise<void> {
  const rows = api.scopes.map((scope) => ({ api_id: api.id, name: scope.name, roles: JSON.stringify(scope.roles) }));
  if (rows.length > 0) await tx.db.insertInto('api_scopes').values(rows).execute();
}
