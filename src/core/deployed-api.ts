/** From an API of the catalogue to what gateways know of it. */
import {
  type Api,
  type AuthType,
  type Endpoint,
  type Resource,
  type SchemeName,
  type Security,
  type Verb,
  verbs,
} from './api.ts';
import type { CatalogApi, CatalogCors, CatalogOperation, ConfiguredEndpoint, EndpointConfig } from './catalog-api.ts';
import { unlimited } from './policy.ts';

/** @param password of the back end, opened; null = none */
export function deployedApi(api: CatalogApi, password: string | null = null): Api {
  const basic =
    api.endpointSecurity && password !== null ? { username: api.endpointSecurity.username, password } : null;
  const security = securityOf(api.securityScheme);
  return {
    id: api.id,
    name: api.name,
    version: api.version,
    provider: api.provider,
    context: api.context,
    isDefaultVersion: api.isDefaultVersion,
    status: api.status,
    // A prototype is for trying: without subscription and token.
    resources: api.operations
      .filter((operation) => (verbs as readonly string[]).includes(operation.verb))
      .map((operation) => resourceOf(operation, api.status === 'PROTOTYPED')),
    endpoints: {
      ...endpoint('production', api.endpointConfig, basic),
      ...endpoint('sandbox', api.endpointConfig, basic),
    },
    ...(security && { security }),
    ...(api.authorizationHeader && { authorizationHeader: api.authorizationHeader.toLowerCase() }),
    ...(api.transports.length === 1 && { transports: api.transports }),
    ...(api.apiThrottlingPolicy !== null && { tier: api.apiThrottlingPolicy }),
    cors: corsOf(api.cors),
    scopes: api.scopes.map(({ name, roles }) => ({ name, roles })),
  };
}

function resourceOf(operation: CatalogOperation, isPrototype: boolean): Resource {
  return {
    path: operation.target,
    verb: operation.verb as Verb,
    authType: isPrototype ? 'None' : authTypeOf(operation.authType),
    scopes: operation.scopes,
    tier: operation.throttlingPolicy === '' ? unlimited : operation.throttlingPolicy,
  };
}

/** Whatever is not known asks for a token. */
function authTypeOf(text: string): AuthType {
  return text === 'None' || text === 'Application' || text === 'Application User' ? text : 'Any';
}

/** Null = an access token, as when nothing is said. */
function securityOf(names: readonly string[]): Security | null {
  const known: readonly SchemeName[] = ['oauth2', 'basic_auth', 'api_key'];
  const schemes = known.filter((name) => names.includes(name));
  const withCertificate = names.includes('mutualssl');
  if (!withCertificate && (schemes.length === 0 || schemes.join() === 'oauth2')) return null;
  // Of the two kinds one alone is mandatory, whether or not that is said.
  const mandatory = names.includes('mutualssl_mandatory') || schemes.length === 0;
  return { schemes, ...(withCertificate && { mutualTls: mandatory ? 'mandatory' : 'optional' }) };
}

function endpoint(
  kind: 'production' | 'sandbox',
  config: EndpointConfig | null,
  basic: Endpoint['basic'] | null,
): { [K in typeof kind]?: Endpoint } {
  const list = (
    given: ConfiguredEndpoint | readonly ConfiguredEndpoint[] | undefined,
  ): readonly ConfiguredEndpoint[] =>
    given === undefined ? [] : Array.isArray(given) ? given : [given as ConfiguredEndpoint];
  const isFailover = config?.endpoint_type === 'failover';
  const [first, ...rest] = list(config?.[`${kind}_endpoints`]);
  const others = [...rest, ...(isFailover ? list(config?.[`${kind}_failovers`]) : [])].map(({ url }) => url);
  if (!first?.url) return {};
  const timeout = timeoutOf(first.config);
  return {
    [kind]: {
      url: first.url,
      ...(others.length > 0 && { others, type: isFailover ? 'failover' : 'load_balance' }),
      ...(timeout !== null && { timeout }),
      ...(basic && { basic }),
    },
  };
}

/** Milliseconds, which the original calls the duration until it acts. */
function timeoutOf(config: unknown): number | null {
  const given = Number((config as { actionDuration?: unknown } | null | undefined)?.actionDuration);
  return Number.isSafeInteger(given) && given > 0 ? given : null;
}

function corsOf(cors: CatalogCors | null): Api['cors'] {
  if (!cors?.corsConfigurationEnabled) return null;
  return {
    allowOrigins: cors.accessControlAllowOrigins,
    allowHeaders: cors.accessControlAllowHeaders,
    allowMethods: cors.accessControlAllowMethods,
    allowCredentials: cors.accessControlAllowCredentials,
  };
}
