/** The key manager's signing keys in SQL, and the issuer as gateways know it. */
import type { Issuer, PublicJwk } from '../../core/token.ts';
import type { Schema } from './schema.ts';
import type { Queryable, StoreTransaction } from './store.ts';

export type SigningKeyRow = Schema['signing_keys'];

/** All keys, newest first. */
export function listSigningKeys(db: Queryable): Promise<SigningKeyRow[]> {
  return db.selectFrom('signing_keys').selectAll().orderBy('created_at', 'desc').orderBy('kid').execute();
}

export async function createSigningKey(tx: StoreTransaction, key: SigningKeyRow): Promise<void> {
  await tx.db.insertInto('signing_keys').values(key).execute();
}

export async function updateSigningKey(
  tx: StoreTransaction,
  kid: string,
  changes: Partial<Pick<SigningKeyRow, 'signs_from' | 'retired_at' | 'state' | 'private_sealed'>>,
): Promise<void> {
  await tx.db.updateTable('signing_keys').set(changes).where('kid', '=', kid).execute();
}

/** Notes that something which the key signs expires as late as this. */
export async function extendNeed(tx: StoreTransaction, kid: string, until: number): Promise<void> {
  await tx.db
    .updateTable('signing_keys')
    .set({ needed_until: until })
    .where('kid', '=', kid)
    .where('needed_until', '<', until)
    .execute();
}

/** Announces the issuer with its public keys, unless gateways know exactly that. */
export async function putIssuer(tx: StoreTransaction, issuer: Issuer): Promise<void> {
  const known = await tx.db
    .selectFrom('entities')
    .select('body')
    .where('kind', '=', 'issuer')
    .where('id', '=', issuer.issuer)
    .executeTakeFirst();
  if (known?.body !== JSON.stringify(issuer)) tx.record({ kind: 'issuer', id: issuer.issuer, value: issuer });
}

/** Gives all issuers that are our own these keys: also those of other nodes, and former ones. */
export async function putKeysOfIssuers(tx: StoreTransaction, keys: readonly PublicJwk[]): Promise<void> {
  const rows = await tx.db.selectFrom('entities').select('body').where('kind', '=', 'issuer').execute();
  for (const { body } of rows) {
    const issuer = JSON.parse(body) as Issuer;
    if (issuer.foreign !== true) await putIssuer(tx, { ...issuer, keys });
  }
}
