/** Documents in the form of the publisher API, and back. */
import type { DocumentRow } from '../../../adapters/stores/documents.ts';
import { hasHiddenCharacters, hiddenCharacters } from '../../../core/hidden-characters.ts';
import { shownUserName } from '../../../core/tenant.ts';
import { RestError } from '../../../platform/rest-error.ts';
import type { Document } from '../../rest/definitions/publisher.ts';
import { httpUrl } from '../../services/apis/document-content.ts';
import { timeText } from './api-form.ts';

export function documentForm(row: DocumentRow): Document {
  return {
    documentId: row.id,
    name: row.name,
    type: row.type as Document['type'],
    summary: row.summary,
    sourceType: row.source_type,
    sourceUrl: row.source_url,
    fileName: row.file_name,
    otherTypeName: row.other_type_name,
    visibility: row.visibility,
    createdTime: timeText(row.created_at),
    createdBy: shownUserName(row.created_by),
    lastUpdatedTime: timeText(row.updated_at),
    lastUpdatedBy: shownUserName(row.updated_by),
  };
}

/** @throws RestError 400 */
export function rowOf({ name, type, summary, sourceType, sourceUrl, otherTypeName, visibility }: Document) {
  if (name.trim() === '') throw new RestError(400, 'name: expected a name that is not empty.');
  if (hasHiddenCharacters(name)) throw new RestError(400, `name: expected no ${hiddenCharacters}.`);
  const address = sourceType === 'URL' ? httpUrl(sourceUrl ?? '') : '';
  if (address === null) {
    throw new RestError(400, 'sourceUrl: expected an absolute http or https URL, as the sourceType is URL.');
  }
  if (type === 'OTHER' && !otherTypeName) {
    throw new RestError(400, 'otherTypeName: expected what the document is, as its type is OTHER.');
  }
  return {
    name,
    type,
    summary: summary ?? '',
    source_type: sourceType,
    source_url: address,
    other_type_name: otherTypeName ?? '',
    visibility,
  };
}

/** What the audit log says of it. */
export const summary = ({ name, type, source_type, source_url, visibility }: DocumentRow) => ({
  name,
  type,
  source_type,
  source_url,
  visibility,
});

export const isText = ({ sourceType }: Document): boolean => kindOf(sourceType) === 'text';

export function kindOf(sourceType: Document['sourceType']): 'text' | 'file' | 'elsewhere' {
  return sourceType === 'FILE' ? 'file' : sourceType === 'URL' ? 'elsewhere' : 'text';
}
