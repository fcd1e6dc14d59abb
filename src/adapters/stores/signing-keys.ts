/** The key manager's signing keys in SQL, and the issuer as gateways know it. */
import type { Issuer } from '../../core/token.ts';
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
