/** Who is subscribed to an API, in SQL. */
import { type SqlBool, sql } from 'kysely';
import type { SubscriptionState } from '../../core/application.ts';
import { likePattern } from './api-search.ts';
import type { Queryable } from './store.ts';

export interface Subscriber {
  readonly id: string;
  readonly tier: string;
  readonly state: SubscriptionState;
  readonly applicationId: string;
  readonly application: string;
  readonly description: string;
  /** `name@tenant`. */
  readonly owner: string;
  /** Subscriptions that the application has in all. */
  readonly subscriptions: number;
}

/**
 * A page, oldest first, with the number of all.
 * @param words that the name of the application or of its owner contains; empty = all
 */
export async function subscribersOf(
  db: Queryable,
  apiId: string,
  { words, offset, limit }: { words: string; offset: number; limit: number },
): Promise<{ rows: Subscriber[]; total: number }> {
  const pattern = likePattern(words, false);
  let query = db
    .selectFrom('subscriptions as s')
    .innerJoin('applications as a', 'a.id', 's.application_id')
    .where('s.api_id', '=', apiId);
  if (words !== '') {
    query = query.where(
      sql<SqlBool>`(lower(a.name) like ${pattern} escape '\\' or lower(a.owner) like ${pattern} escape '\\')`,
    );
  }
  const { total } = await query.select((e) => e.fn.countAll<number>().as('total')).executeTakeFirstOrThrow();
  const rows = await query
    .select([
      's.id',
      's.tier',
      's.state',
      'a.id as applicationId',
      'a.name as application',
      'a.description',
      'a.owner',
      (e) =>
        e
          .selectFrom('subscriptions as all')
          .select((i) => i.fn.countAll<number>().as('number'))
          .whereRef('all.application_id', '=', 'a.id')
          .as('subscriptions'),
    ])
    .orderBy('s.created_at')
    .orderBy('s.id')
    .offset(offset)
    .limit(limit)
    .execute();
  return { rows: rows.map((row) => ({ ...row, subscriptions: Number(row.subscriptions) })), total: Number(total) };
}
