/** Applications in SQL; every change is announced to the gateways. */
import { type SqlBool, sql } from 'kysely';
import type { Application, TokenType } from '../../core/application.ts';
import { likePattern } from './api-search.ts';
import { clientsOf, deleteClient } from './clients.ts';
import type { Schema } from './schema.ts';
import type { Queryable, StoreTransaction } from './store.ts';
import { deleteSubscription, subscriptionsOf } from './subscriptions.ts';

export type ApplicationRow = Omit<Schema['applications'], 'ordinal'> & { ordinal: number };

export interface NewApplication {
  readonly id: string;
  readonly tenant: string;
  readonly name: string;
  /** `name@tenant`. */
  readonly owner: string;
  readonly tier: string;
  /** Form of the access tokens of keys that are made for it. */
  readonly tokenType: TokenType;
  /** Default: none. */
  readonly description?: string;
  /** Default `APPROVED`. */
  readonly status?: ApplicationRow['status'];
  /** Default: none. */
  readonly attributes?: Readonly<Record<string, string>>;
  /** Default: none. */
  readonly groups?: readonly string[];
  /** Seconds since the epoch. */
  readonly createdAt: number;
}

export const toApplication = (row: ApplicationRow): Application => ({
  ordinal: row.ordinal,
  id: row.id,
  name: row.name,
  owner: row.owner,
  tier: row.tier,
});

export async function findApplication(db: Queryable, id: string): Promise<ApplicationRow | null> {
  return (await db.selectFrom('applications').selectAll().where('id', '=', id).executeTakeFirst()) ?? null;
}

/** The applications of an owner (`name@tenant`), by name. */
export function applicationsOf(db: Queryable, owner: string): Promise<ApplicationRow[]> {
  return db.selectFrom('applications').selectAll().where('owner', '=', owner).orderBy('name').execute();
}

/** @throws the engine's constraint error when the owner has an application of that name. */
export async function createApplication(tx: StoreTransaction, application: NewApplication): Promise<Application> {
  const {
    tokenType,
    createdAt,
    description = '',
    status = 'APPROVED',
    attributes = {},
    groups = [],
    ...rest
  } = application;
  const row = await tx.db
    .insertInto('applications')
    .values({
      ...rest,
      token_type: tokenType,
      description,
      status,
      attributes: JSON.stringify(attributes),
      group_names: JSON.stringify(groups),
      created_at: createdAt,
      updated_at: createdAt,
    })
    .returningAll()
    .executeTakeFirstOrThrow();
  const created = toApplication(row);
  tx.record({ kind: 'application', id: created.id, value: created });
  return created;
}

/** Changes what may change of an application. False when there is no such application. */
export async function updateApplication(
  tx: StoreTransaction,
  id: string,
  change: Partial<Omit<ApplicationRow, 'ordinal' | 'id' | 'tenant' | 'created_at'>>,
): Promise<boolean> {
  const row = await tx.db
    .updateTable('applications')
    .set(change)
    .where('id', '=', id)
    .returningAll()
    .executeTakeFirst();
  if (row) tx.record({ kind: 'application', id, value: toApplication(row) });
  return row !== undefined;
}

/**
 * Deletes an application with its subscriptions, keys and their tokens. Revoke the keys' tokens (`revokeClientTokens`)
 * before, in the same transaction.
 */
export async function deleteApplication(tx: StoreTransaction, id: string): Promise<boolean> {
  for (const subscription of await subscriptionsOf(tx.db, id)) await deleteSubscription(tx, subscription.id);
  for (const client of await clientsOf(tx.db, id)) await deleteClient(tx, client.consumer_key);
  const { numDeletedRows } = await tx.db.deleteFrom('applications').where('id', '=', id).executeTakeFirstOrThrow();
  if (numDeletedRows === 0n) return false;
  tx.record({ kind: 'application', id, value: null });
  return true;
}

export interface ApplicationSearch {
  /** `name@tenant`; absent = of everybody in the tenant. */
  readonly owner?: string;
  readonly tenant: string;
  /** Part of the name, whatever the case. */
  readonly name?: string | undefined;
  /** One of its groups. */
  readonly group?: string | undefined;
  readonly sortBy?: 'name' | 'tier' | 'status' | 'owner';
  readonly descending?: boolean;
  readonly offset: number;
  readonly limit: number;
}

/** A page of applications with the number of their subscriptions, and the number of all that fit. */
export async function searchApplications(
  db: Queryable,
  search: ApplicationSearch,
): Promise<{ rows: (ApplicationRow & { subscriptions: number })[]; total: number }> {
  let query = db.selectFrom('applications').where('tenant', '=', search.tenant);
  if (search.owner !== undefined) query = query.where('owner', '=', search.owner);
  if (search.name !== undefined) {
    const pattern = likePattern(search.name, false);
    query = query.where(sql<SqlBool>`lower(name) like ${pattern} escape '\\'`);
  }
  if (search.group !== undefined) {
    const pattern = likePattern(JSON.stringify(search.group), false);
    query = query.where(sql<SqlBool>`lower(group_names) like ${pattern} escape '\\'`);
  }
  const { total } = await query.select((e) => e.fn.countAll<number>().as('total')).executeTakeFirstOrThrow();
  const rows = await query
    .selectAll()
    .select((e) =>
      e
        .selectFrom('subscriptions')
        .select((s) => s.fn.countAll<number>().as('number'))
        .whereRef('subscriptions.application_id', '=', 'applications.id')

        .as('subscriptions'),
    )
    .orderBy(search.sortBy ?? 'name', search.descending ? 'desc' : 'asc')
    .orderBy('ordinal')
    .offset(search.offset)
    .limit(search.limit)
    .execute();
  return { rows: rows.map((row) => ({ ...row, subscriptions: Number(row.subscriptions) })), total: Number(total) };
}

/** Subscriptions of an application. */
export async function countSubscriptions(db: Queryable, applicationId: string): Promise<number> {
  const { number } = await db
    .selectFrom('subscriptions')
    .select((e) => e.fn.countAll<number>().as('number'))
    .where('application_id', '=', applicationId)
    .executeTakeFirstOrThrow();
  return Number(number);
}
