/** Finding documents of the APIs that somebody sees, in SQL. */
import { sql } from 'kysely';
import { type ApiSearch, filters, likePattern } from './api-search.ts';
import { documentHas, isReadable, refuseManyWords } from './document-words.ts';
import type { Schema } from './schema.ts';
import type { Queryable } from './store.ts';

/** The range is that of the documents; conditions are those of their APIs. */
export interface DocumentSearch extends Omit<ApiSearch, 'conditions'> {
  readonly conditions?: ApiSearch['conditions'];
  /** Each is to be found in name, summary or text; `*` is anything. */
  readonly words: readonly string[];
}

export type FoundDocument = Omit<
  Schema['documents'],
  'content' | 'file_name' | 'media_type' | 'created_by' | 'created_at' | 'updated_by' | 'updated_at'
> & { readonly apiName: string; readonly apiVersion: string; readonly apiProvider: string };

/** A page by name, with the number of all. Publishers (purpose `edit`) find theirs and each other's besides everybody's. */
export async function searchDocuments(
  db: Queryable,
  search: DocumentSearch,
): Promise<{ rows: FoundDocument[]; total: number }> {
  const { viewer, words, conditions = [] } = search;
  refuseManyWords(words.length);
  // Asked for each document that fits, of which there are few, and not for every API first.
  const seen = db
    .selectFrom('apis')
    .select('apis.id')
    .whereRef('apis.id', '=', sql.ref('d.api_id'))
    .where((e) => e.and(filters(e, { ...search, conditions })));
  const query = db
    .selectFrom('documents as d')
    .innerJoin('apis', 'apis.id', 'd.api_id')
    .where((e) => e.exists(seen))
    .where(isReadable({ user: viewer.user, isPublisher: viewer.purpose === 'edit' }))
    .where((e) => e.and(words.map((word) => documentHas(likePattern(word, false)))));
  const { total } = await query.select((e) => e.fn.countAll<number>().as('total')).executeTakeFirstOrThrow();
  const rows = await query
    .select([
      'd.id',
      'd.api_id',
      'd.name',
      'd.type',
      'd.summary',
      'd.source_type',
      'd.source_url',
      'd.other_type_name',
      'd.visibility',
      'apis.name as apiName',
      'apis.version as apiVersion',
      'apis.provider as apiProvider',
    ])
    .orderBy('d.name')
    .orderBy('d.id')
    .offset(search.offset)
    .limit(search.limit)
    .execute();
  return { rows, total: Number(total) };
}
