/** Browsers in which somebody has logged in, and what clients were given in them. */
import { noteLogOuts } from './logout-notices.ts';
import { removeExpiredFrom } from './remove-expired.ts';
import type { Schema } from './schema.ts';
import type { Queryable, StoreTransaction } from './store.ts';

export type SessionRow = Schema['sessions'];

export async function insertSession(tx: StoreTransaction, row: SessionRow): Promise<void> {
  await tx.db.insertInto('sessions').values(row).execute();
}

export async function findSessionByHash(db: Queryable, secretHash: string): Promise<SessionRow | null> {
  return (await db.selectFrom('sessions').selectAll().where('secret_hash', '=', secretHash).executeTakeFirst()) ?? null;
}

/** Those of a user that are not over, newest first. */
export function sessionsOf(db: Queryable, subject: string, now: number): Promise<SessionRow[]> {
  return db
    .selectFrom('sessions')
    .selectAll()
    .where('subject', '=', subject)
    .where('expires_at', '>', now)
    .orderBy('authenticated_at', 'desc')
    .orderBy('id')
    .execute();
}

export async function findSession(db: Queryable, id: string): Promise<SessionRow | null> {
  return (await db.selectFrom('sessions').selectAll().where('id', '=', id).executeTakeFirst()) ?? null;
}

/** False when it was gone. Its clients will be told. What they were given goes on: see `endSession`. */
export async function deleteSession(tx: StoreTransaction, id: string): Promise<boolean> {
  await noteLogOuts(tx, [id]);
  const { numDeletedRows } = await tx.db.deleteFrom('sessions').where('id', '=', id).executeTakeFirstOrThrow();
  return numDeletedRows === 1n;
}

/** Ends those of a user in which he logged in up to this second. Their clients will be told. */
export async function endSessionsOf(tx: StoreTransaction, subject: string, authenticatedBy: number): Promise<void> {
  const rows = await tx.db
    .selectFrom('sessions')
    .select('id')
    .where('subject', '=', subject)
    .where('authenticated_at', '<=', authenticatedBy)
    .execute();
  if (rows.length === 0) return;
  const ids = rows.map(({ id }) => id);
  await noteLogOuts(tx, ids);
  await tx.db.deleteFrom('sessions').where('id', 'in', ids).execute();
}

/** Those that rest on the word of an identity provider, also when they have expired: what was given in them may be good. */
export async function sessionsThroughProvider(db: Queryable, providerId: string): Promise<string[]> {
  const rows = await db
    .selectFrom('sessions')
    .select('id')
    .where('provider_id', '=', providerId)
    .orderBy('id')
    .execute();
  return rows.map(({ id }) => id);
}

/** A client was given tokens of this family in the session. */
export async function linkSession(tx: StoreTransaction, link: Schema['session_families']): Promise<void> {
  await tx.db
    .insertInto('session_families')
    .values(link)
    .onConflict((c) => c.doNothing())
    .execute();
}

export function familiesOfSession(db: Queryable, sessionId: string): Promise<Schema['session_families'][]> {
  return db
    .selectFrom('session_families')
    .selectAll()
    .where('session_id', '=', sessionId)
    .orderBy('consumer_key')
    .execute();
}

export const removeExpiredSessions = removeExpiredFrom('sessions', ['id']);
