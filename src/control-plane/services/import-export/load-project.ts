/** Takes an API with everything that belongs to it out of the store. */
import { findApiDefinition } from '../../../adapters/stores/apis.ts';
import {
  clientCertificatesOf,
  endpointCertificatesOf,
  findEndpointCertificate,
} from '../../../adapters/stores/certificates.ts';
import type { DocumentReader } from '../../../adapters/stores/document-words.ts';
import { readable } from '../../../adapters/stores/documents.ts';
import type { Schema } from '../../../adapters/stores/schema.ts';
import type { Queryable } from '../../../adapters/stores/store.ts';
import { findThumbnail } from '../../../adapters/stores/thumbnails.ts';
import type { CatalogApi } from '../../../core/catalog-api.ts';
import { authorityOf, endpointUrls } from '../../../core/deployed-api.ts';
import { applyToDefinition } from '../definitions/apply-to-definition.ts';
import type { Json } from '../definitions/json.ts';
import type { ApiProject, ProjectApi, ProjectDocument } from './api-project.ts';

/**
 * @param aliases of certificates of back ends that count too, whichever back end they are for
 * @param reader who gets the documents; default: all of them are loaded
 */
export async function loadProject(
  db: Queryable,
  api: CatalogApi,
  tenant: string,
  aliases: readonly string[] = [],
  reader?: DocumentReader,
): Promise<ApiProject> {
  const definition = JSON.parse((await findApiDefinition(db, api.id)) ?? '{}') as Json;
  const documents = await readable(db, reader).selectAll().where('api_id', '=', api.id).orderBy('name').execute();
  const authorities = endpointUrls(api.endpointConfig).map(authorityOf);
  const own = await endpointCertificatesOf(db, tenant, [...new Set(authorities)]);
  const named = await Promise.all(aliases.map((alias) => findEndpointCertificate(db, tenant, alias)));
  const byAlias = new Map([...own, ...named.filter((row) => row !== null)].map((row) => [row.alias, row]));
  const endpointCertificates = [...byAlias.values()].sort((a, b) => (a.alias < b.alias ? -1 : 1));
  const clientCertificates = await clientCertificatesOf(db, api.id);
  return {
    api: projectApi(api),
    definition: applyToDefinition(definition, api),
    documents: documents.map(documentOf),
    thumbnail: await findThumbnail(db, api.id),
    endpointCertificates: endpointCertificates.map(({ alias, endpoint, pem }) => ({ alias, endpoint, pem })),
    clientCertificates: clientCertificates.map(({ alias, tier, pem }) => ({ alias, tier, pem })),
  };
}

/** Without the password of its back end. */
export function projectApi(api: CatalogApi): ProjectApi {
  const { id: _id, createdAt: _created, updatedAt: _updated, servesDefault: _serves, endpointSecurity, ...rest } = api;
  return {
    ...rest,
    endpointSecurity: endpointSecurity && {
      type: endpointSecurity.type,
      username: endpointSecurity.username,
      password: null,
    },
  };
}

/** The content of a file is base64 in its row. */
export const encodingOf = (sourceType: ProjectDocument['sourceType']): BufferEncoding =>
  sourceType === 'FILE' ? 'base64' : 'utf8';

function documentOf(row: Schema['documents']): ProjectDocument {
  return {
    name: row.name,
    type: row.type,
    summary: row.summary,
    sourceType: row.source_type,
    sourceUrl: row.source_url,
    otherTypeName: row.other_type_name,
    visibility: row.visibility,
    fileName: row.file_name,
    mediaType: row.media_type,
    content: row.content === null ? null : Buffer.from(row.content, encodingOf(row.source_type)),
  };
}
