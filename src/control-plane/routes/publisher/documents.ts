/** The documents of an API. */
import { randomUUID } from 'node:crypto';
import {
  createDocument,
  type DocumentRow,
  deleteDocument,
  documentContent,
  findDocument,
  findDocumentNamed,
  listDocuments,
  updateDocument,
} from '../../../adapters/stores/documents.ts';
import type { Queryable } from '../../../adapters/stores/store.ts';
import { isUniqueViolation } from '../../../adapters/stores/unique-violation.ts';
import { RestError } from '../../../platform/rest-error.ts';
import { seconds } from '../../deps.ts';
import type { Document } from '../../rest/definitions/publisher.ts';
import { created, type Operations, ok, type RestCall } from '../../rest/operation.ts';
import { page, rangeOf } from '../../rest/page.ts';
import { documentReader, requireApi } from '../../services/apis/api-access.ts';
import { audit } from '../../services/apis/audit-api.ts';
import { contentAnswer } from '../../services/apis/document-content.ts';
import { documentForm, isText, kindOf, rowOf, summary } from './document-form.ts';

export const documents: Operations = {
  'GET /apis/{apiId}/documents': async (call, { store }) => {
    const { id } = await requireApi(store.db, call.caller, call.param('apiId'));
    const { rows, total } = await listDocuments(store.db, id, rangeOf(call), documentReader(call.caller));
    return ok(page(call, rows.map(documentForm), total));
  },

  'POST /apis/{apiId}/documents': async (call, deps) => {
    const form = call.json<Document>();
    const now = seconds(deps.clock);
    const row = await deps.store.transaction(async (tx) => {
      const api = await requireApi(tx.db, call.caller, call.param('apiId'));
      const { fullName } = call.caller;
      const document = {
        id: randomUUID(),
        api_id: api.id,
        ...rowOf(form),
        file_name: '',
        media_type: '',
        content: isText(form) ? (form.inlineContent ?? null) : null,
        created_by: fullName,
        created_at: now,
        updated_by: fullName,
        updated_at: now,
      };
      await unlessNamed(form.name, createDocument(tx.db, document));
      await audit(tx, deps, call.caller, 'add document', api, { after: rowOf(form) });
      return document;
    });
    return created(documentForm(row), `${call.base}/apis/${row.api_id}/documents/${row.id}`);
  },

  /** 200: there is such a document; 404: there is none. */
  'POST /apis/{apiId}/documents/validate': async (call, { store }) => {
    const { id } = await requireApi(store.db, call.caller, call.param('apiId'));
    const row = await findDocumentNamed(store.db, id, call.query('name') ?? '', documentReader(call.caller));
    if (!row) throw new RestError(404, 'The API has no document of that name.');
    return ok(documentForm(row));
  },

  'GET /apis/{apiId}/documents/{documentId}': async (call, { store }) => {
    const { id } = await requireApi(store.db, call.caller, call.param('apiId'));
    return ok(documentForm(await requireDocument(store.db, id, call)));
  },

  'PUT /apis/{apiId}/documents/{documentId}': async (call, deps) => {
    const form = call.json<Document>();
    const row = await deps.store.transaction(async (tx) => {
      const api = await requireApi(tx.db, call.caller, call.param('apiId'));
      const before = await requireDocument(tx.db, api.id, call);
      // What a text was is no file, and the other way round.
      const emptied = kindOf(before.source_type) !== kindOf(form.sourceType);
      const change = {
        ...rowOf(form),
        ...(emptied && { content: null, file_name: '', media_type: '' }),
        ...(isText(form) && form.inlineContent !== undefined && { content: form.inlineContent }),
        updated_by: call.caller.fullName,
        updated_at: seconds(deps.clock),
      };
      await unlessNamed(form.name, updateDocument(tx.db, before.id, change));
      await audit(tx, deps, call.caller, 'change document', api, { before: summary(before), after: rowOf(form) });
      return requireDocument(tx.db, api.id, call);
    });
    return ok(documentForm(row));
  },

  'DELETE /apis/{apiId}/documents/{documentId}': async (call, deps) => {
    await deps.store.transaction(async (tx) => {
      const api = await requireApi(tx.db, call.caller, call.param('apiId'));
      const row = await requireDocument(tx.db, api.id, call);
      await deleteDocument(tx.db, row.id);
      await audit(tx, deps, call.caller, 'delete document', api, { before: summary(row) });
    });
    return ok();
  },

  'GET /apis/{apiId}/documents/{documentId}/content': async (call, { store }) => {
    const { id } = await requireApi(store.db, call.caller, call.param('apiId'));
    const row = await requireDocument(store.db, id, call);
    return contentAnswer(row, await documentContent(store.db, row.id));
  },

  'POST /apis/{apiId}/documents/{documentId}/content': async (call, deps) => {
    const file = call.form.file('file');
    const text = call.form.text('inlineContent');
    if ((file === undefined) === (text === undefined)) {
      throw new RestError(400, 'Expected either "file" or "inlineContent".');
    }
    const row = await deps.store.transaction(async (tx) => {
      const api = await requireApi(tx.db, call.caller, call.param('apiId'));
      const before = await requireDocument(tx.db, api.id, call);
      const kind = kindOf(before.source_type);
      if (kind !== (file ? 'file' : 'text')) {
        const expected = file ? 'FILE' : 'INLINE or MARKDOWN';
        throw new RestError(400, `The document's sourceType is ${before.source_type}; expected ${expected}.`);
      }
      await updateDocument(tx.db, before.id, {
        ...(file
          ? { content: file.bytes.toString('base64'), file_name: baseName(file.name), media_type: file.type }
          : { content: text ?? '' }),
        updated_by: call.caller.fullName,
        updated_at: seconds(deps.clock),
      });
      await audit(tx, deps, call.caller, 'change document', api, { after: { name: before.name, content: 'new' } });
      return requireDocument(tx.db, api.id, call);
    });
    return ok(documentForm(row));
  },
};

async function requireDocument(db: Queryable, apiId: string, call: RestCall): Promise<DocumentRow> {
  const id = call.param('documentId');
  const row = await findDocument(db, apiId, id, documentReader(call.caller));
  if (!row) throw new RestError(404, `The API has no document ${JSON.stringify(id)}.`);
  return row;
}

async function unlessNamed(name: string, work: Promise<void>): Promise<void> {
  try {
    await work;
  } catch (error) {
    throw isUniqueViolation(error) ? new RestError(409, `The API has a document "${name}" already.`) : error;
  }
}

const baseName = (name: string): string => name.split(/[\\/]/).at(-1) ?? '';
