/** OAuth clients: the consumer keys of applications, and clients that registered themselves. */
import type { KeyMapping } from '../../core/application.ts';
import type { Schema } from './schema.ts';
import type { Queryable, StoreTransaction } from './store.ts';

export type ClientRow = Schema['clients'];

export async function findClient(db: Queryable, consumerKey: string): Promise<ClientRow | null> {
  const row = await db.selectFrom('clients').selectAll().where('consumer_key', '=', consumerKey).executeTakeFirst();
  return row ?? null;
}

/** The client that registered itself under this name. */
export async function findRegisteredClient(
  db: Queryable,
  client: { tenant: string; owner: string; name: string },
): Promise<ClientRow | null> {
  const row = await db
    .selectFrom('clients')
    .selectAll()
    .where('tenant', '=', client.tenant)
    .where('owner', '=', client.owner)
    .where('name', '=', client.name)
    .where('application_id', 'is', null)
    .executeTakeFirst();
  return row ?? null;
}

/** The consumer keys of an application, oldest first. */
export function clientsOf(db: Queryable, applicationId: string): Promise<ClientRow[]> {
  return db
    .selectFrom('clients')
    .selectAll()
    .where('application_id', '=', applicationId)
    .orderBy('created_at')
    .orderBy('consumer_key')
    .execute();
}

/** How long its tokens are valid, where that is not as the options say. */
export type ClientValidity = Pick<ClientRow, 'application_validity' | 'user_validity' | 'refresh_validity'>;

const absent = {
  application_validity: null,
  user_validity: null,
  refresh_validity: null,
  metadata: '{}',
  registration_hash: null,
};

/** Writes a client; gateways learn whose key it is. */
export async function createClient(
  tx: StoreTransaction,
  client: Omit<ClientRow, keyof typeof absent> & Partial<Pick<ClientRow, keyof typeof absent>>,
): Promise<void> {
  const row = { ...absent, ...client };
  await tx.db.insertInto('clients').values(row).execute();
  recordKey(tx, row);
}

/**
 * Makes a client that is no application's the key of one. False when it is an application's already, or there is none.
 */
export async function assignClient(
  tx: StoreTransaction,
  consumerKey: string,
  to: Pick<ClientRow, 'key_type' | 'owner'> & { readonly application_id: string },
): Promise<boolean> {
  const row = await tx.db
    .updateTable('clients')
    // Who registered it manages it no more: from now on it acts for somebody else.
    .set({ ...to, registration_hash: null })
    .where('consumer_key', '=', consumerKey)
    .where('application_id', 'is', null)
    .returningAll()
    .executeTakeFirst();
  if (row) recordKey(tx, row);
  return row !== undefined;
}

/** Changes what may change of a client. False when there is no such client. */
export async function updateClient(
  tx: StoreTransaction,
  consumerKey: string,
  change: Partial<Omit<ClientRow, 'consumer_key' | 'tenant' | 'application_id' | 'created_at'>>,
): Promise<boolean> {
  const row = await tx.db
    .updateTable('clients')
    .set(change)
    .where('consumer_key', '=', consumerKey)
    .returningAll()
    .executeTakeFirst();
  if (row) recordKey(tx, row);
  return row !== undefined;
}

/**
 * Deletes a client with its tokens. They stay valid at gateways until `revokeClientTokens`, called before this in the
 * same transaction, has told them otherwise.
 */
export async function deleteClient(tx: StoreTransaction, consumerKey: string): Promise<boolean> {
  const row = await tx.db
    .deleteFrom('clients')
    .where('consumer_key', '=', consumerKey)
    .returning('application_id')
    .executeTakeFirst();
  if (row?.application_id) tx.record({ kind: 'key', id: consumerKey, value: null });
  return row !== undefined;
}

/** An inactive key is none to the gateways: what it calls is refused as not subscribed. */
function recordKey(tx: StoreTransaction, client: ClientRow): void {
  if (client.application_id === null) return;
  const value: KeyMapping = {
    consumerKey: client.consumer_key,
    applicationId: client.application_id,
    keyType: client.key_type,
  };
  tx.record({ kind: 'key', id: client.consumer_key, value: client.state === 'ACTIVE' ? value : null });
}
