/** Codes of devices in SQL (RFC 8628): a row for each, until a day after it expired. */
import { removeExpiredFrom } from './remove-expired.ts';
import type { Schema } from './schema.ts';
import type { Queryable, StoreTransaction } from './store.ts';

export type DeviceCodeRow = Schema['device_codes'];

/** False when one of its codes is another's: as good as never. */
export async function insertDeviceCode(tx: StoreTransaction, row: DeviceCodeRow): Promise<boolean> {
  const { numInsertedOrUpdatedRows } = await tx.db
    .insertInto('device_codes')
    .values(row)
    .onConflict((c) => c.doNothing())
    .executeTakeFirstOrThrow();
  return Boolean(numInsertedOrUpdatedRows);
}

/** How many devices of a client wait at the moment. */
export async function waitingDevices(db: Queryable, consumerKey: string, now: number): Promise<number> {
  const { waiting } = await db
    .selectFrom('device_codes')
    .select((e) => e.fn.countAll<number>().as('waiting'))
    .where('consumer_key', '=', consumerKey)
    .where('state', '=', 'PENDING')
    .where('expires_at', '>', now)
    .executeTakeFirstOrThrow();
  return Number(waiting);
}

export async function findDeviceCode(db: Queryable, hash: string): Promise<DeviceCodeRow | null> {
  return (await db.selectFrom('device_codes').selectAll().where('device_hash', '=', hash).executeTakeFirst()) ?? null;
}

/** The device that waits for this code to be typed. */
export async function findWaitingDevice(db: Queryable, userHash: string, now: number): Promise<DeviceCodeRow | null> {
  const row = await db
    .selectFrom('device_codes')
    .selectAll()
    .where('user_hash', '=', userHash)
    .where('state', '=', 'PENDING')
    .where('expires_at', '>', now)
    .executeTakeFirst();
  return row ?? null;
}

/** The device has asked, and waits on. */
export async function pollDevice(
  tx: StoreTransaction,
  id: string,
  poll: Pick<DeviceCodeRow, 'interval_seconds' | 'polled_at_ms'>,
): Promise<void> {
  await tx.db.updateTable('device_codes').set(poll).where('id', '=', id).execute();
}

/** Nobody lets the device in any more, if it has not been in yet. */
export async function refuseDevice(tx: StoreTransaction, id: string): Promise<void> {
  await tx.db
    .updateTable('device_codes')
    .set({ state: 'DENIED' })
    .where('id', '=', id)
    .where('state', '=', 'APPROVED')
    .execute();
}

/** Changes the state from what it was. False when it was another: somebody else was faster. */
export async function changeDevice(
  tx: StoreTransaction,
  id: string,
  from: DeviceCodeRow['state'],
  change: Pick<DeviceCodeRow, 'state'> & Partial<Pick<DeviceCodeRow, 'subject' | 'scope' | 'log_in' | 'began_at'>>,
): Promise<boolean> {
  const { numUpdatedRows } = await tx.db
    .updateTable('device_codes')
    .set(change)
    .where('id', '=', id)
    .where('state', '=', from)
    .executeTakeFirstOrThrow();
  return numUpdatedRows === 1n;
}

/** How many wrong codes a user has typed lately. */
export async function wrongGuesses(db: Queryable, subject: string, now: number): Promise<number> {
  const query = db.selectFrom('device_guesses').select('wrong').where('subject', '=', subject);
  return (await query.where('until', '>', now).executeTakeFirst())?.wrong ?? 0;
}

/** One more. They are forgotten together, at `until`, which is that of the first of them. */
export async function countGuess(tx: StoreTransaction, subject: string, now: number, until: number): Promise<void> {
  const wrong = await wrongGuesses(tx.db, subject, now);
  const change = wrong === 0 ? { wrong: 1, until } : { wrong: wrong + 1 };
  await tx.db
    .insertInto('device_guesses')
    .values({ subject, wrong: 1, until })
    .onConflict((c) => c.column('subject').doUpdateSet(change))
    .execute();
}

export const removeExpiredDeviceCodes = removeExpiredFrom('device_codes', ['id']);

/** Of what users have typed. */
export const removeOldGuesses = removeExpiredFrom('device_guesses', ['subject'], 'until');
