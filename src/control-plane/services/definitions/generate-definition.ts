/** An OpenAPI definition for an API that was made without one. */
import type { CatalogApi } from '../../../core/catalog-api.ts';
import { applyToDefinition } from './apply-to-definition.ts';
import type { Json } from './json.ts';

/** @param form `V2` is Swagger 2.0, `V3` OpenAPI 3.0 */
export function generateDefinition(api: CatalogApi, form: 'V2' | 'V3' = 'V3'): Json {
  const info = { title: api.name, version: api.version, ...(api.description && { description: api.description }) };
  const empty: Json = form === 'V2' ? { swagger: '2.0', info, paths: {} } : { openapi: '3.0.1', info, paths: {} };
  return applyToDefinition(empty, api);
}
