/** Ratings of APIs in SQL: one of each user. */
import { randomUUID } from 'node:crypto';
import type { Schema } from './schema.ts';
import type { Queryable, StoreTransaction } from './store.ts';

export type RatingRow = Schema['ratings'];

/** Averages by API; those without ratings are missing. */
export async function averageRatings(db: Queryable, apiIds: readonly string[]): Promise<Map<string, number>> {
  if (apiIds.length === 0) return new Map();
  const rows = await db
    .selectFrom('ratings')
    .select(['api_id', (e) => e.fn.avg<number>('rating').as('average')])
    .where('api_id', 'in', apiIds)
    .groupBy('api_id')
    .execute();
  return new Map(rows.map((row) => [row.api_id, Number(row.average)]));
}

/** A page, newest first, with the number and the average of all; null = there are none. */
export async function listRatings(
  db: Queryable,
  apiId: string,
  { offset, limit }: { offset: number; limit: number },
): Promise<{ rows: RatingRow[]; total: number; average: number | null }> {
  const query = db.selectFrom('ratings').where('api_id', '=', apiId);
  const all = await query
    .select((e) => [e.fn.countAll<number>().as('total'), e.fn.avg<number | null>('rating').as('average')])
    .executeTakeFirstOrThrow();
  const rows = await query
    .selectAll()
    .orderBy('updated_at', 'desc')
    .orderBy('id')
    .offset(offset)
    .limit(limit)
    .execute();
  return { rows, total: Number(all.total), average: all.average === null ? null : Number(all.average) };
}

export async function findRating(db: Queryable, apiId: string, user: string): Promise<RatingRow | null> {
  const row = await db
    .selectFrom('ratings')
    .selectAll()
    .where('api_id', '=', apiId)
    .where('user_name', '=', user)
    .executeTakeFirst();
  return row ?? null;
}

/** Writes a user's rating, or changes it. */
export async function putRating(tx: StoreTransaction, rating: Omit<RatingRow, 'id'>): Promise<RatingRow> {
  const change = { rating: rating.rating, updated_at: rating.updated_at };
  return tx.db
    .insertInto('ratings')
    .values({ id: randomUUID(), ...rating })
    .onConflict((c) => c.columns(['api_id', 'user_name']).doUpdateSet(change))
    .returningAll()
    .executeTakeFirstOrThrow();
}

export async function deleteRating(db: Queryable, apiId: string, user: string): Promise<void> {
  await db.deleteFrom('ratings').where('api_id', '=', apiId).where('user_name', '=', user).execute();
}
