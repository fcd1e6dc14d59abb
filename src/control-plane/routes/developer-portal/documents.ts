/** The documents of an API, as far as they are meant for developers. */
import type { DocumentReader } from '../../../adapters/stores/document-words.ts';
import { type DocumentRow, documentContent, findDocument, listDocuments } from '../../../adapters/stores/documents.ts';
import { RestError } from '../../../platform/rest-error.ts';
import type { ControlPlaneDeps } from '../../deps.ts';
import type * as dto from '../../rest/definitions/developer-portal.ts';
import { type Operation, type Operations, ok, type RestCall } from '../../rest/operation.ts';
import { page, rangeOf } from '../../rest/page.ts';
import { contentAnswer } from '../../services/apis/document-content.ts';
import { visibleApi } from '../../services/apis/portal-apis.ts';

const list: Operation = async (call, { store: { db } }) => {
  const { id } = await visibleApi(db, call.visitor, call.param('apiId'));
  const { rows, total } = await listDocuments(db, id, rangeOf(call), readerOf(call));
  return ok(page(call, rows.map(toDocument), total));
};

const read: Operation = async (call, deps) => ok(toDocument(await documentOf(call, deps)));

const content: Operation = async (call, deps) => {
  const document = await documentOf(call, deps);
  return contentAnswer(document, await documentContent(deps.store.db, document.id));
};

export const documents: Operations = {
  'GET /apis/{apiId}/documents': list,
  'GET /apis/{apiId}/documents/{documentId}': read,
  'GET /apis/{apiId}/documents/{documentId}/content': content,
};

async function documentOf(call: RestCall, { store: { db } }: ControlPlaneDeps): Promise<DocumentRow> {
  const { id } = await visibleApi(db, call.visitor, call.param('apiId'));
  const document = await findDocument(db, id, call.param('documentId'), readerOf(call));
  if (!document) throw new RestError(404, `The API has no document ${call.param('documentId')}.`);
  return document;
}

/** Those for publishers are theirs to read in the publisher. */
const readerOf = ({ visitor }: RestCall): DocumentReader => ({ user: visitor?.fullName ?? null, isPublisher: false });

export const toDocument = (row: DocumentRow): dto.Document => ({
  documentId: row.id,
  name: row.name,
  type: row.type as dto.Document['type'],
  summary: row.summary,
  sourceType: row.source_type,
  ...(row.source_type === 'URL' && { sourceUrl: row.source_url }),
  ...(row.other_type_name !== '' && { otherTypeName: row.other_type_name }),
});
