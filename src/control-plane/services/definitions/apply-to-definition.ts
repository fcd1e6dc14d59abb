/**
 * Brings a definition into step with its API: its operations are the API's, each with the scopes, the kind of token and
 * the tier that the API says. Everything else that the definition has stays as it was written.
 */
import { namesIn } from '../../../adapters/openapi/references.ts';
import type { CatalogApi, CatalogOperation } from '../../../core/catalog-api.ts';
import { whenStaleOf } from '../../../core/deployed-api.ts';
import { asObject, type Json } from './json.ts';

/** The security scheme that holds the API's scopes, as in definitions of the original. */
const scheme = 'default';

const verbs = ['get', 'put', 'post', 'delete', 'options', 'head', 'patch', 'trace'];

/** `x-auth-type` of what any token may call. */
const anyToken = 'Application & Application User';

export function applyToDefinition(definition: Json, api: CatalogApi): Json {
  const isV2 = definition.swagger !== undefined;
  const result: Json = {
    ...withoutTakenOver(definition),
    info: { ...asObject(definition.info), title: api.name, version: api.version },
    paths: pathsOf(definition, api.operations, isV2),
  };
  if (isV2) {
    result.securityDefinitions = { ...asObject(definition.securityDefinitions), [scheme]: schemeOf(api, isV2) };
  } else {
    const components = asObject(definition.components);
    const schemes = { ...asObject(components.securitySchemes), [scheme]: schemeOf(api, isV2) };
    result.components = { ...components, securitySchemes: schemes };
  }
  if (api.apiThrottlingPolicy !== null) result['x-throttling-tier'] = api.apiThrottlingPolicy;
  else delete result['x-throttling-tier'];
  const { whenStale } = whenStaleOf(api);
  if (whenStale) result[stale] = whenStale;
  return result;
}

/** The toolkit's words for what the API says itself from now on: they would be stronger than it, and could say otherwise. */
function withoutTakenOver(owner: Json): Json {
  return Object.fromEntries(Object.entries(owner).filter(([name]) => !takenOver.has(name)));
}

const stale = 'x-postern-when-stale';

const takenOver = new Set([
  stale,
  'x-wso2-application-security',
  'x-wso2-disable-security',
  'x-wso2-mutual-ssl',
  'x-wso2-throttling-tier',
  'x-wso2-transports',
]);

function pathsOf(definition: Json, operations: readonly CatalogOperation[], isV2: boolean): Json {
  const paths = asObject(definition.paths);
  const wanted = Map.groupBy(operations, ({ target }) => target);
  const result: Json = {};
  for (const [path, item] of Object.entries(paths)) {
    if (path.startsWith('x-')) result[path] = item;
    else if (wanted.has(path)) {
      result[path] = itemOf(path, resolved(asObject(item), definition), wanted.get(path) ?? [], isV2);
    }
  }
  for (const [path, list] of wanted) result[path] ??= itemOf(path, {}, list, isV2);
  return result;
}

/** A path that is described elsewhere in the document is written out: what is said of it here is said of it alone. */
function resolved({ $ref: ref, ...item }: Json, definition: Json): Json {
  const names = typeof ref === 'string' ? namesIn(ref) : undefined;
  if (!names) return item;
  const target = names.reduce<Json>((at, key) => asObject(Object.hasOwn(at, key) ? at[key] : undefined), definition);
  return { ...target, ...item };
}

function itemOf(path: string, item: Json, operations: readonly CatalogOperation[], isV2: boolean): Json {
  const others = Object.entries(item).filter(([key]) => !verbs.includes(key));
  const own = operations.map((operation) => {
    const verb = operation.verb.toLowerCase();
    const known = item[verb] === undefined ? newOperation(path, item, isV2) : asObject(item[verb]);
    return [verb, operationOf(known, operation)] as const;
  });
  return Object.fromEntries([...others, ...own]);
}

function operationOf(known: Json, { authType, throttlingPolicy, scopes }: CatalogOperation): Json {
  // One requirement only: what another scheme of the definition says is for callers of the back end.
  return {
    ...withoutTakenOver(known),
    security: [{ [scheme]: scopes }],
    'x-auth-type': authType === 'Any' ? anyToken : authType,
    'x-throttling-tier': throttlingPolicy,
  };
}

function newOperation(path: string, item: Json, isV2: boolean): Json {
  const parameters = [...path.matchAll(/\{([^{}/]+)\}/g)].map(([, name]) => ({
    name,
    in: 'path',
    required: true,
    ...(isV2 ? { type: 'string' } : { schema: { type: 'string' } }),
  }));
  const responses = { '200': { description: 'OK' } };
  return { ...(parameters.length > 0 && !item.parameters && { parameters }), responses };
}

function schemeOf(api: CatalogApi, isV2: boolean): Json {
  const scopes = Object.fromEntries(api.scopes.map(({ name, description }) => [name, description]));
  const bound = api.scopes.filter(({ roles }) => roles.length > 0);
  const flow = {
    // Where the gateway forwards to the key manager: the same for all APIs, whatever its host.
    authorizationUrl: 'https://localhost:8243/authorize',
    scopes,
    ...(bound.length > 0 && {
      'x-scopes-bindings': Object.fromEntries(bound.map(({ name, roles }) => [name, roles.join(',')])),
    }),
  };
  return isV2 ? { type: 'oauth2', flow: 'implicit', ...flow } : { type: 'oauth2', flows: { implicit: flow } };
}
