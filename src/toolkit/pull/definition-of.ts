/**
 * From an API of the publisher API to a definition that says all of it by extensions. What the publisher says holds, not
 * what extensions of the definition may have said.
 */
import { whenStaleOf } from '../../core/deployed-api.ts';
import type { Raw } from '../fields.ts';

/** The fields of the publisher API's `API` that count here. */
export interface PublishedApi {
  readonly id: string;
  readonly name: string;
  readonly version: string;
  readonly context: string;
  readonly provider?: string;
  readonly transport?: readonly string[];
  readonly apiThrottlingPolicy?: string | null;
  readonly authorizationHeader?: string | null;
  readonly securityScheme?: readonly string[] | null;
  readonly corsConfiguration?: Raw | null;
  readonly endpointConfig?: Raw | null;
  readonly endpointSecurity?: { readonly type?: string | null; readonly username?: string | null } | null;
  readonly scopes?: readonly { readonly scope?: Raw }[];
  readonly operations?: readonly PublishedOperation[];
  readonly additionalProperties?: Raw | null;
}

interface PublishedOperation {
  readonly target: string;
  readonly verb: string;
  readonly authType?: string;
  readonly throttlingPolicy?: string;
  readonly scopes?: readonly string[];
}

const schemeName = 'default';
const applicationSecurity = 'x-wso2-application-security';
const stale = 'x-postern-when-stale';

/** @param given the API's definition as the publisher API has it */
export function definitionOf(api: PublishedApi, given: Raw): Raw {
  const isOpenApi2 = given.openapi === undefined;
  const said = (key: string): boolean => key.startsWith('x-wso2-') || key === 'x-throttling-tier' || key === stale;
  const kept = Object.entries(given).filter(([key]) => !said(key));
  // Where the back ends are is said by the publisher.
  const { servers: _servers, host: _host, basePath: _basePath, schemes: _schemes, ...rest } = Object.fromEntries(kept);
  const security = securityOf(api.securityScheme ?? []);
  return {
    ...rest,
    info: { ...(object(given.info) as object), title: api.name, version: api.version },
    paths: pathsOf(api, object(given.paths), security),
    security: [{ [schemeName]: [] }],
    ...(isOpenApi2
      ? { securityDefinitions: { ...object(given.securityDefinitions), [schemeName]: schemeOf(api, true) } }
      : { components: withScheme(object(given.components), schemeOf(api, false)) }),
    ...extensionsOf(api),
    ...security,
  };
}

function extensionsOf(api: PublishedApi): Raw {
  const { context, version, transport, apiThrottlingPolicy, authorizationHeader, corsConfiguration, provider } = api;
  const { additionalProperties } = api;
  const cors = corsConfiguration?.corsConfigurationEnabled === true ? corsConfiguration : null;
  const { whenStale } = whenStaleOf({ more: { additionalProperties } });
  return {
    'x-wso2-basePath': context.endsWith(`/${version}`) ? context : `${context}/${version}`,
    ...endpointsOf(api),
    ...(transport?.length && { 'x-wso2-transports': transport }),
    ...(authorizationHeader && { 'x-wso2-auth-header': authorizationHeader }),
    ...(apiThrottlingPolicy && { 'x-wso2-throttling-tier': apiThrottlingPolicy }),
    ...(cors && { 'x-wso2-cors': cors }),
    ...(provider && { 'x-wso2-owner': provider }),
    ...(whenStale && { [stale]: whenStale }),
  };
}

/** Schemes as the publisher API names them. No extension says that a certificate may stand for a token: the token is asked for. */
function securityOf(names: readonly string[]): Raw {
  const types = ['oauth2', 'basic_auth', 'api_key'].filter((name) => names.includes(name));
  const certificate = names.includes('mutualssl');
  const isMandatory = certificate && (names.includes('mutualssl_mandatory') || types.length === 0);
  const isOptional = isMandatory && (types.length === 0 || !names.includes('oauth_basic_auth_api_key_mandatory'));
  return {
    ...(certificate && { 'x-wso2-mutual-ssl': isMandatory ? 'mandatory' : 'optional' }),
    ...((types.length > 0 || isOptional) && {
      [applicationSecurity]: { 'security-types': types, ...(isOptional && { optional: true }) },
    }),
  };
}

function endpointsOf({ endpointConfig, endpointSecurity }: PublishedApi): Raw {
  const config = endpointConfig ?? {};
  const isFailover = config.endpoint_type === 'failover';
  const of = (kind: string): Raw => {
    const urls = [...list(config[`${kind}_endpoints`]), ...(isFailover ? list(config[`${kind}_failovers`]) : [])]
      .map((endpoint) => endpoint.url)
      .filter((url) => url !== undefined && url !== '');
    if (urls.length === 0) return {};
    const { type, username } = endpointSecurity ?? {};
    const duration = Number(object(list(config[`${kind}_endpoints`])[0]?.config).actionDuration);
    return {
      [`x-wso2-${kind}-endpoints`]: {
        urls,
        type: urls.length === 1 ? 'http' : isFailover ? 'failover' : 'load_balance',
        ...(username && { securityConfig: { type: (type ?? 'basic').toLowerCase(), username } }),
        ...(Number.isSafeInteger(duration) && duration > 0 && { advanceEndpointConfig: { timeoutInMillis: duration } }),
      },
    };
  };
  return { ...of('production'), ...of('sandbox') };
}

/** The operations that the publisher knows, each as the definition describes it. */
function pathsOf({ operations = [] }: PublishedApi, given: Raw, security: Raw): Raw {
  // What an operation's scopes are written in would be stronger than what is said of the API.
  const { [applicationSecurity]: schemes } = security;
  const paths = new Map<string, Record<string, unknown>>();
  for (const { target, verb, authType = 'Any', throttlingPolicy, scopes = [] } of operations) {
    const item = object(Object.hasOwn(given, target) ? given[target] : undefined);
    const key = verb.toLowerCase();
    const described = Object.entries(object(item[key])).filter(([name]) => !name.startsWith('x-'));
    const path = paths.get(target) ?? (item.parameters === undefined ? {} : { parameters: item.parameters });
    path[key] = {
      responses: { 200: { description: 'OK' } },
      ...Object.fromEntries(described),
      security: [{ [schemeName]: scopes }],
      ...(schemes !== undefined && { [applicationSecurity]: schemes }),
      'x-auth-type': authType,
      ...(throttlingPolicy && { 'x-throttling-tier': throttlingPolicy }),
    };
    paths.set(target, path);
  }
  return Object.fromEntries(paths);
}

function schemeOf({ scopes = [] }: PublishedApi, isOpenApi2: boolean): Raw {
  const all = scopes.map(({ scope }) => object(scope)).filter(({ name }) => typeof name === 'string');
  const flow = {
    authorizationUrl: 'https://localhost/authorize',
    scopes: Object.fromEntries(all.map(({ name, description }) => [name, description ?? ''])),
    'x-scopes-bindings': Object.fromEntries(all.map(({ name, bindings }) => [name, bindings ?? []])),
  };
  return isOpenApi2 ? { type: 'oauth2', flow: 'implicit', ...flow } : { type: 'oauth2', flows: { implicit: flow } };
}

function withScheme(components: Raw, scheme: Raw): Raw {
  return { ...components, securitySchemes: { ...object(components.securitySchemes), [schemeName]: scheme } };
}

function object(value: unknown): Raw {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Raw) : {};
}

function list(value: unknown): readonly Raw[] {
  return (Array.isArray(value) ? value : value === undefined ? [] : [value]).map(object);
}
