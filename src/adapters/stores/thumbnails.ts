/** The pictures of APIs in SQL. */
import type { Queryable } from './store.ts';

export interface Thumbnail {
  /** `image/png`. */
  readonly type: string;
  readonly bytes: Buffer;
}

export async function findThumbnail(db: Queryable, apiId: string): Promise<Thumbnail | null> {
  const row = await db
    .selectFrom('api_thumbnails')
    .select(['media_type', 'content'])
    .where('api_id', '=', apiId)
    .executeTakeFirst();
  return row ? { type: row.media_type, bytes: Buffer.from(row.content, 'base64') } : null;
}

/** Which of the APIs have a picture. */
export async function withThumbnail(db: Queryable, apiIds: readonly string[]): Promise<Set<string>> {
  if (apiIds.length === 0) return new Set();
  const rows = await db.selectFrom('api_thumbnails').select('api_id').where('api_id', 'in', apiIds).execute();
  return new Set(rows.map((row) => row.api_id));
}

/** @param now seconds since the epoch */
export async function putThumbnail(
  db: Queryable,
  apiId: string,
  { type, bytes }: Thumbnail,
  now: number,
): Promise<void> {
  const row = { media_type: type, content: bytes.toString('base64'), updated_at: now };
  await db
    .insertInto('api_thumbnails')
    .values({ api_id: apiId, ...row })
    .onConflict((c) => c.column('api_id').doUpdateSet(row))
    .execute();
}
