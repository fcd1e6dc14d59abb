/** Comments on APIs in SQL. */
import type { Schema } from './schema.ts';
import type { Queryable } from './store.ts';

export type CommentRow = Schema['comments'];

/** A page, newest first, with the number of all. */
export async function listComments(
  db: Queryable,
  apiId: string,
  { offset, limit }: { offset: number; limit: number },
): Promise<{ rows: CommentRow[]; total: number }> {
  const query = db.selectFrom('comments').where('api_id', '=', apiId);
  const { total } = await query.select((e) => e.fn.countAll<number>().as('total')).executeTakeFirstOrThrow();
  const rows = await query
    .selectAll()
    .orderBy('created_at', 'desc')
    .orderBy('id')
    .offset(offset)
    .limit(limit)
    .execute();
  return { rows, total: Number(total) };
}

export async function findComment(db: Queryable, apiId: string, id: string): Promise<CommentRow | null> {
  const query = db.selectFrom('comments').selectAll().where('api_id', '=', apiId).where('id', '=', id);
  return (await query.executeTakeFirst()) ?? null;
}

export async function insertComment(db: Queryable, row: CommentRow): Promise<void> {
  await db.insertInto('comments').values(row).execute();
}

export async function deleteComment(db: Queryable, id: string): Promise<void> {
  await db.deleteFrom('comments').where('id', '=', id).execute();
}
