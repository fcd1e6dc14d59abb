/** One search over APIs and their documents. */
import { searchApis } from '../../../adapters/stores/api-search.ts';
import { searchDocuments } from '../../../adapters/stores/document-search.ts';
import { shownUserName } from '../../../core/tenant.ts';
import type { APISearchResult, DocumentSearchResult } from '../../rest/definitions/publisher.ts';
import { type Operations, ok } from '../../rest/operation.ts';
import { page, rangeOf } from '../../rest/page.ts';
import { publisherView } from '../../services/apis/api-access.ts';
import { readQuery } from '../../services/read-query.ts';

export const search: Operations = {
  /** The APIs that fit come first, then the documents. */
  'GET /search': async (call, { store }) => {
    const { tenant } = call.caller;
    const viewer = publisherView(call.caller);
    const conditions = readQuery(call.query('query') ?? '');
    const { offset, limit } = rangeOf(call);
    const found = await searchApis(store.db, { tenant, viewer, conditions, offset, limit });
    // Documents have names and texts; whatever else is asked for is a matter of APIs.
    const words = conditions.map(({ field, value }) => (field === 'name' || field === 'doc' ? value : null));
    const rest = { offset: Math.max(0, offset - found.total), limit: limit - found.apis.length };
    const texts = words.filter((word) => word !== null);
    const documents =
      texts.length === words.length
        ? await searchDocuments(store.db, { tenant, viewer, words: texts, ...rest })
        : { rows: [], total: 0 };
    const list = [
      ...found.apis.map(
        (api): APISearchResult => ({
          id: api.id,
          name: api.name,
          type: 'API',
          transportType: api.type,
          description: api.description,
          context: api.context,
          version: api.version,
          provider: shownUserName(api.provider),
          status: api.status,
          thumbnailUri: `/apis/${api.id}/thumbnail`,
        }),
      ),
      ...documents.rows.map(
        (row): DocumentSearchResult => ({
          id: row.id,
          name: row.name,
          type: 'DOC',
          docType: row.type as NonNullable<DocumentSearchResult['docType']>,
          summary: row.summary,
          // The definition knows no MARKDOWN here.
          sourceType: row.source_type === 'MARKDOWN' ? 'INLINE' : row.source_type,
          sourceUrl: row.source_url,
          otherTypeName: row.other_type_name,
          visibility: row.visibility,
          apiName: row.apiName,
          apiVersion: row.apiVersion,
          apiProvider: shownUserName(row.apiProvider),
          apiUUID: row.api_id,
          associatedType: 'API',
        }),
      ),
    ];
    return ok(page(call, list, found.total + documents.total));
  },
};
