/** One search over APIs and their documents. */
import { searchApis } from '../../../adapters/stores/api-search.ts';
import { type FoundDocument, searchDocuments } from '../../../adapters/stores/document-search.ts';
import { defaultTenant, shownUserName } from '../../../core/tenant.ts';
import type * as dto from '../../rest/definitions/developer-portal.ts';
import { type Operation, type Operations, ok } from '../../rest/operation.ts';
import { page, rangeOf } from '../../rest/page.ts';
import { listedStatuses, viewerOf } from '../../services/apis/portal-apis.ts';
import { readQuery } from '../../services/read-query.ts';
import { toApiInfo } from './api-form.ts';
import { extrasOf } from './apis.ts';

/** APIs first, then documents. `doc:` finds documents alone; words without a field find both; other fields APIs alone. */
const find: Operation = async (call, { store: { db } }) => {
  const conditions = readQuery(call.query('query') ?? '');
  const { offset, limit } = rangeOf(call);
  const visible = {
    tenant: call.visitor?.tenant ?? defaultTenant,
    viewer: viewerOf(call.visitor),
    statuses: listedStatuses,
  };
  const ofDocuments = conditions.filter(({ field }) => field === 'doc');
  const ofApis = conditions.filter(({ field }) => field !== 'doc');
  const isPlain = ofApis.length > 0 && ofApis.every(({ field }) => field === 'name');
  const none = { rows: [] as FoundDocument[], total: 0 };

  if (ofDocuments.length > 0) {
    const words = ofDocuments.map(({ value }) => value);
    const found = await searchDocuments(db, { ...visible, conditions: ofApis, words, offset, limit });
    return ok(page(call, found.rows.map(toDocumentResult), found.total));
  }
  const found = await searchApis(db, { ...visible, conditions: ofApis, offset, limit });
  const left = { offset: Math.max(0, offset - found.total), limit: limit - found.apis.length };
  const words = ofApis.map(({ value }) => value);
  const documents = isPlain ? await searchDocuments(db, { ...visible, words, ...left }) : none;
  const extras = await extrasOf(db, found.apis);
  const apis = found.apis.map((api) => {
    const { id, description, context, version, provider, thumbnailUri, businessInformation, avgRating } = toApiInfo(
      api,
      extras.get(api.id),
    );
    const shown = { id, description, context, version, provider, businessInformation, avgRating };
    return {
      ...shown,
      name: api.name,
      type: 'API',
      transportType: api.type,
      status: api.status,
      ...(thumbnailUri && { thumbnailUri }),
    };
  });
  const results = [...apis, ...documents.rows.map(toDocumentResult)];
  return ok(page(call, results, found.total + documents.total));
};

export const search: Operations = { 'GET /search': find };

const toDocumentResult = (row: FoundDocument): dto.DocumentSearchResult => ({
  id: row.id,
  name: row.name,
  type: 'DOC',
  docType: row.type as NonNullable<dto.DocumentSearchResult['docType']>,
  summary: row.summary,
  sourceType: row.source_type,
  sourceUrl: row.source_url,
  otherTypeName: row.other_type_name,
  visibility: row.visibility,
  apiName: row.apiName,
  apiVersion: row.apiVersion,
  apiProvider: shownUserName(row.apiProvider),
  apiUUID: row.api_id,
});
