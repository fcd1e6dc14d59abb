/** Applications in SQL; every change is announced to the gateways. */
import type { Application, TokenType } from '../../core/application.ts';
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
  const { tokenType, createdAt, description = '', status = 'APPROVED', attributes = {}, ...rest } = application;
  const row = await tx.db
    .insertInto('applications')
    .values({
      ...rest,
      token_type: tokenType,
      description,
      status,
      attributes: JSON.stringify(attributes),
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
