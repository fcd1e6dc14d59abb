/** Requests for authorization that clients have pushed, in SQL (RFC 9126). */
import { type RemoveExpired, removeExpiredFrom } from './remove-expired.ts';
import type { Schema } from './schema.ts';
import type { Queryable, StoreTransaction } from './store.ts';

export type PushedRow = Schema['pushed_requests'];

export async function insertPushed(tx: StoreTransaction, row: PushedRow): Promise<void> {
  await tx.db.insertInto('pushed_requests').values(row).execute();
}

export async function findPushed(db: Queryable, idHash: string): Promise<PushedRow | null> {
  return (await db.selectFrom('pushed_requests').selectAll().where('id_hash', '=', idHash).executeTakeFirst()) ?? null;
}

/** Ends an active request. False when it was not active: it has been answered meanwhile. */
export async function endPushed(tx: StoreTransaction, idHash: string): Promise<boolean> {
  const { numUpdatedRows } = await tx.db
    .updateTable('pushed_requests')
    .set({ state: 'USED' })
    .where('id_hash', '=', idHash)
    .where('state', '=', 'ACTIVE')
    .executeTakeFirstOrThrow();
  return numUpdatedRows === 1n;
}

/** How many of a client are kept, until `removeExpiredPushed` removes them. */
export async function countPushed(db: Queryable, consumerKey: string): Promise<number> {
  const { kept } = await db
    .selectFrom('pushed_requests')
    .select((e) => e.fn.countAll<number>().as('kept'))
    .where('consumer_key', '=', consumerKey)
    .executeTakeFirstOrThrow();
  return Number(kept);
}

/** Seconds that the pages of a request that came in time may still be open: one for the log-in, and one for the consent. */
const pagesOpen = 3600;

/** Rows whose pages are over at `now`. */
export const removeExpiredPushed: RemoveExpired = (db, now, limit) => removeOver(db, now - pagesOpen, limit);

const removeOver = removeExpiredFrom('pushed_requests', ['id_hash']);
