/** Who is to be told that a session ended (OpenID Connect Back-Channel Logout 1.0). Rows, so that a restart forgets none. */
import { randomUUID } from 'node:crypto';
import type { Schema } from './schema.ts';
import type { Queryable, StoreTransaction } from './store.ts';

export type LogoutNotice = Schema['logout_notices'];

/** Notes that these sessions end, before they do: for each client that was given something in one, and wants to know. */
export async function noteLogOuts(tx: StoreTransaction, sessionIds: readonly string[]): Promise<void> {
  const rows = await tx.db
    .selectFrom('session_families')
    .innerJoin('sessions', 'sessions.id', 'session_families.session_id')
    .innerJoin('clients', 'clients.consumer_key', 'session_families.consumer_key')
    .select(['session_id', 'subject', 'clients.consumer_key', 'metadata'])
    .distinct()
    .where('session_id', 'in', sessionIds)
    .execute();
  const notices = rows.filter(({ metadata }) => 'backchannel_logout_uri' in JSON.parse(metadata));
  if (notices.length === 0) return;
  await tx.db
    .insertInto('logout_notices')
    .values(notices.map(({ metadata: _, ...row }) => ({ ...row, id: randomUUID(), attempts: 0, next_at_ms: 0 })))
    .execute();
}

/** Those whose time has come, oldest first. */
export function dueNotices(db: Queryable, nowMs: number, limit: number): Promise<LogoutNotice[]> {
  return db
    .selectFrom('logout_notices')
    .selectAll()
    .where('next_at_ms', '<=', nowMs)
    .orderBy('next_at_ms')
    .limit(limit)
    .execute();
}

/** Takes one until `untilMs`. False when another node has taken it. */
export async function takeNotice(tx: StoreTransaction, notice: LogoutNotice, untilMs: number): Promise<boolean> {
  const { numUpdatedRows } = await tx.db
    .updateTable('logout_notices')
    .set({ next_at_ms: untilMs, attempts: Number(notice.attempts) + 1 })
    .where('id', '=', notice.id)
    .where('attempts', '=', notice.attempts)
    .executeTakeFirstOrThrow();
  return numUpdatedRows === 1n;
}

/** It could not be told; nobody tries again before `untilMs`. */
export async function postponeNotice(tx: StoreTransaction, id: string, untilMs: number): Promise<void> {
  await tx.db.updateTable('logout_notices').set({ next_at_ms: untilMs }).where('id', '=', id).execute();
}

/** It was told, or is given up. */
export async function removeNotice(tx: StoreTransaction, id: string): Promise<void> {
  await tx.db.deleteFrom('logout_notices').where('id', '=', id).execute();
}
