/** An API's definition as developers get it: its servers are the gateway's addresses. */
import type { CatalogApi } from '../../../core/catalog-api.ts';
import { generateDefinition } from './generate-definition.ts';
import { asObject, type Json } from './json.ts';

/** Extensions that are meant for callers; the others can tell of back ends and of the gateway's own work. */
const open = new Set([
  'x-auth-type',
  'x-codeSamples',
  'x-deprecated',
  'x-displayName',
  'x-enum-descriptions',
  'x-enum-varnames',
  'x-example',
  'x-examples',
  'x-enumNames',
  'x-logo',
  'x-nullable',
  'x-scope',
  'x-tagGroups',
  'x-wso2-api-key-header',
  'x-wso2-auth-header',
  'x-wso2-basePath',
  'x-wso2-cors',
  'x-wso2-transports',
]);

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

/** What has names of the author's own, which may begin with `x-` and mean nothing by it. */
const named = new Set([
  '$defs',
  'definitions',
  'dependentSchemas',
  'encoding',
  'headers',
  'links',
  'mapping',
  'parameters',
  'patternProperties',
  'properties',
  'requestBodies',
  'schemas',
  'securityDefinitions',
  'securitySchemes',
]);
/** What is a value, and not a part of the definition. */
const values = new Set(['const', 'default', 'enum', 'example', 'examples', 'value']);
const servers = new Set(['server', 'servers']);

/** Back ends' addresses can stand at the document, at paths, operations and links; extensions anywhere. */
function withoutInternals(definition: Json): Json {
  const clean = (value: unknown, isNamed: boolean): unknown => {
    if (Array.isArray(value)) return value.map((item) => clean(item, false));
    if (typeof value !== 'object' || value === null) return value;
    const kept = Object.entries(value).filter(
      ([key]) => isNamed || (!servers.has(key) && (!key.startsWith('x-') || open.has(key))),
    );
    return Object.fromEntries(
      kept.map(([key, member]) => {
        if (!isNamed && (values.has(key) || open.has(key))) return [key, member];
        return [key, clean(member, !isNamed && named.has(key))];
      }),
    );
  };
  return asObject(clean(definition, false));
}
