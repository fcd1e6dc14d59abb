/** An API's definition as developers get it: its servers are the gateway's addresses. */
import type { CatalogApi } from '../../../core/catalog-api.ts';
import { generateDefinition } from './generate-definition.ts';
import { asObject, type Json } from './json.ts';

/** What tells of back ends and of the gateway's own work, and is nobody's business. */
const internal =
  /^x-(?:wso2-(?:production-endpoints|sandbox-endpoints|endpoint|request-interceptor|response-interceptor)|mediation-script|throttling-)/;

/**
 * @param definition OpenAPI, as JSON text; null = it has none
 * @param gatewayUrls `http://localhost:8280`, `https://localhost:8243`
 */
export function portalDefinition(
  api: CatalogApi,
  definition: string | null,
  gatewayUrls: { readonly http: string; readonly https: string },
): Json {
  const written = asObject(JSON.parse(definition ?? '{}'));
  const shown = withoutInternals(written.paths === undefined ? generateDefinition(api) : written);
  const path = `${api.context}/${api.version}`;
  const transports = api.transports.toSorted().toReversed();
  if (shown.swagger === undefined) {
    return { ...shown, servers: transports.map((transport) => ({ url: `${gatewayUrls[transport]}${path}` })) };
  }
  const preferred = new URL(gatewayUrls[transports[0] ?? 'https']);
  return { ...shown, host: preferred.host, basePath: path, schemes: [preferred.protocol.slice(0, -1)] };
}

function withoutInternals(definition: Json): Json {
  const clean = (value: unknown, depth: number): unknown => {
    if (depth === 0 || typeof value !== 'object' || value === null || Array.isArray(value)) return value;
    const kept = Object.entries(value).filter(([key]) => !internal.test(key));
    return Object.fromEntries(kept.map(([key, member]) => [key, clean(member, depth - 1)]));
  };
  // They stand at the document, at paths and at operations.
  const top = asObject(clean(definition, 1));
  return { ...top, paths: clean(definition.paths, 3) };
}
