/** Links by which users set a password without the old one, once: what stands in them is here as a hash only. */
import { removeExpiredFrom } from './remove-expired.ts';
import type { Schema } from './schema.ts';
import type { Queryable, StoreTransaction } from './store.ts';

export type PasswordLink = Schema['password_links'];

/** Replaces an earlier one of the same user. */
export async function putPasswordLink(tx: StoreTransaction, row: PasswordLink): Promise<void> {
  await removePasswordLinksOf(tx, row.user_id);
  await tx.db.insertInto('password_links').values(row).execute();
}

/** The name of the user that a live link is for; null = it was used, replaced, or has expired. */
export async function userOfPasswordLink(db: Queryable, secretHash: string, now: number): Promise<string | null> {
  const row = await db
    .selectFrom('password_links')
    .innerJoin('users', 'users.id', 'password_links.user_id')
    .select('users.name')
    .where('secret_hash', '=', secretHash)
    .where('expires_at', '>', now)
    .executeTakeFirst();
  return row?.name ?? null;
}

/** Uses it up. False when somebody else was faster. */
export async function takePasswordLink(tx: StoreTransaction, secretHash: string, now: number): Promise<boolean> {
  const { numDeletedRows } = await tx.db
    .deleteFrom('password_links')
    .where('secret_hash', '=', secretHash)
    .where('expires_at', '>', now)
    .executeTakeFirstOrThrow();
  return numDeletedRows === 1n;
}

export async function removePasswordLinksOf(tx: StoreTransaction, userId: string): Promise<void> {
  await tx.db.deleteFrom('password_links').where('user_id', '=', userId).execute();
}

export const removeExpiredPasswordLinks = removeExpiredFrom('password_links', ['secret_hash']);
