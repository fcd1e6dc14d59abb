/** Key managers that are not ours, in SQL; gateways believe the tokens of those that are enabled. */
import type { Issuer } from '../../core/token.ts';
import type { Schema } from './schema.ts';
import type { Queryable, StoreTransaction } from './store.ts';

export type KeyManagerRow = Schema['key_managers'];

/** By name. */
export function listKeyManagers(db: Queryable, tenant: string): Promise<KeyManagerRow[]> {
  return db.selectFrom('key_managers').selectAll().where('tenant', '=', tenant).orderBy('name').execute();
}

export async function findKeyManager(db: Queryable, id: string): Promise<KeyManagerRow | null> {
  return (await db.selectFrom('key_managers').selectAll().where('id', '=', id).executeTakeFirst()) ?? null;
}

/**
 * @param issuer what gateways learn of it; null = nothing
 * @throws the engine's unique violation when name or issuer are taken
 */
export async function insertKeyManager(tx: StoreTransaction, row: KeyManagerRow, issuer: Issuer | null): Promise<void> {
  await tx.db.insertInto('key_managers').values(row).execute();
  if (issuer) tx.record({ kind: 'issuer', id: issuer.issuer, value: issuer });
}

/** As `insertKeyManager`. */
export async function updateKeyManager(
  tx: StoreTransaction,
  before: KeyManagerRow,
  after: KeyManagerRow,
  issuer: Issuer | null,
): Promise<void> {
  await tx.db.updateTable('key_managers').set(after).where('id', '=', before.id).execute();
  if (before.issuer !== null && before.enabled === 1 && before.issuer !== issuer?.issuer) {
    tx.record({ kind: 'issuer', id: before.issuer, value: null });
  }
  if (issuer) tx.record({ kind: 'issuer', id: issuer.issuer, value: issuer });
}

export async function deleteKeyManager(tx: StoreTransaction, { id, issuer, enabled }: KeyManagerRow): Promise<void> {
  await tx.db.deleteFrom('key_managers').where('id', '=', id).execute();
  if (issuer !== null && enabled === 1) tx.record({ kind: 'issuer', id: issuer, value: null });
}

/** A key manager that is not ours, as gateways know it; null = they know none that is enabled. */
export async function findForeignIssuer(db: Queryable, issuer: string): Promise<Issuer | null> {
  const query = db.selectFrom('entities').select('body').where('kind', '=', 'issuer').where('id', '=', issuer);
  const row = await query.executeTakeFirst();
  const found = row && (JSON.parse(row.body) as Issuer);
  return found?.foreign === true ? found : null;
}

/** The issuers that gateways know and that are no foreign key managers: our own. */
export async function ownIssuers(db: Queryable): Promise<string[]> {
  const rows = await db.selectFrom('entities').select('body').where('kind', '=', 'issuer').execute();
  const issuers = rows.map((row) => JSON.parse(row.body) as Issuer);
  return issuers.filter(({ foreign }) => foreign !== true).map(({ issuer }) => issuer);
}
