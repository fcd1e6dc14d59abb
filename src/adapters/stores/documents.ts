/** The documents of APIs in SQL. */
import { type DocumentReader, isReadable } from './document-words.ts';
import type { Schema } from './schema.ts';
import type { Queryable } from './store.ts';

/** Without the content, which can be large. */
export type DocumentRow = Omit<Schema['documents'], 'content'>;

export const documentColumns = [
  'id',
  'api_id',
  'name',
  'type',
  'summary',
  'source_type',
  'source_url',
  'other_type_name',
  'visibility',
  'file_name',
  'media_type',
  'created_by',
  'created_at',
  'updated_by',
  'updated_at',
] as const satisfies readonly (keyof DocumentRow)[];

/** By name, with the number of all. */
export async function listDocuments(
  db: Queryable,
  apiId: string,
  { offset, limit }: { offset: number; limit: number },
  reader?: DocumentReader,
): Promise<{ rows: DocumentRow[]; total: number }> {
  const query = readable(db, reader).where('api_id', '=', apiId);
  const { total } = await query.select((e) => e.fn.countAll<number>().as('total')).executeTakeFirstOrThrow();
  const rows = await query.select(documentColumns).orderBy('name').offset(offset).limit(limit).execute();
  return { rows, total: Number(total) };
}

export async function findDocument(
  db: Queryable,
  apiId: string,
  id: string,
  reader?: DocumentReader,
): Promise<DocumentRow | null> {
  const query = readable(db, reader).select(documentColumns).where('api_id', '=', apiId).where('id', '=', id);
  return (await query.executeTakeFirst()) ?? null;
}

export async function findDocumentNamed(
  db: Queryable,
  apiId: string,
  name: string,
  reader?: DocumentReader,
): Promise<DocumentRow | null> {
  const query = readable(db, reader).select(documentColumns).where('api_id', '=', apiId).where('name', '=', name);
  return (await query.executeTakeFirst()) ?? null;
}

/** Text, or base64 of a file; null = there is none. */
export async function documentContent(db: Queryable, id: string): Promise<string | null> {
  const row = await db.selectFrom('documents').select('content').where('id', '=', id).executeTakeFirst();
  return row?.content ?? null;
}

/** @throws the engine's constraint error when the API has a document of that name. */
export async function createDocument(db: Queryable, document: Schema['documents']): Promise<void> {
  await db.insertInto('documents').values(document).execute();
}

/** @throws the engine's constraint error when the API has another document of that name. */
export async function updateDocument(
  db: Queryable,
  id: string,
  change: Partial<Omit<Schema['documents'], 'id' | 'api_id' | 'created_by' | 'created_at'>>,
): Promise<void> {
  await db.updateTable('documents').set(change).where('id', '=', id).execute();
}

export async function deleteDocument(db: Queryable, id: string): Promise<void> {
  await db.deleteFrom('documents').where('id', '=', id).execute();
}

/** Gives an API what another one has. @param newId makes ids */
export async function copyDocuments(db: Queryable, from: string, to: string, newId: () => string): Promise<void> {
  const rows = await db.selectFrom('documents').selectAll().where('api_id', '=', from).execute();
  for (const row of rows) await createDocument(db, { ...row, id: newId(), api_id: to });
}

/** A query of documents, to go on with. @param reader absent = somebody who reads all of them */
export function readable(db: Queryable, reader: DocumentReader | undefined) {
  const query = db.selectFrom('documents as d');
  return reader ? query.where(isReadable(reader)) : query;
}
