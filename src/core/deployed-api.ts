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
  type WhenStale,
} from './api.ts';
import type { CatalogApi, CatalogCors, CatalogOperation, ConfiguredEndpoint, EndpointConfig } from './catalog-api.ts';
import { unlimited } from './policy.ts';

/** What belongs to an API and is kept beside it. */
export interface ApiBelongings {
  /** Certificates (PEM) by the host and port (`authorityOf`) of the back ends that may show them. */
  readonly trust?: ReadonlyMap<string, readonly string[]>;
  readonly clientCertificates?: Api['clientCertificates'];
}

/** The password of a back end is still sealed: it is opened on its way to a gateway. */
export function deployedApi(api: CatalogApi, { trust, clientCertificates }: ApiBelongings = {}): Api {
  const { username, sealed } = api.endpointSecurity ?? {};
  const basic = username !== undefined && sealed !== undefined ? { username, password: sealed } : null;
  const security = securityOf(api.securityScheme);
  const endpoint = (kind: KeyKind) => endpointOf(kind, api.endpointConfig, basic, trust);
  return {
    id: api.id,
    name: api.name,
    version: api.version,
    provider: api.provider,
    context: api.context,
    isDefaultVersion: api.servesDefault ?? api.isDefaultVersion,
    status: api.status,
    // A prototype is for trying: without subscription and token.
    resources: api.operations
      .filter((operation) => (verbs as readonly string[]).includes(operation.verb))
      .map((operation) => resourceOf(operation, api.status === 'PROTOTYPED', security)),
    endpoints: {
      ...endpoint('production'),
      ...endpoint('sandbox'),
    },
    ...(security && { security }),
    ...(api.authorizationHeader && { authorizationHeader: api.authorizationHeader.toLowerCase() }),
    ...(security?.mutualTls && { clientCertificates: clientCertificates ?? [] }),
    ...(api.transports.length === 1 && { transports: api.transports }),
    ...(api.apiThrottlingPolicy !== null && { tier: api.apiThrottlingPolicy }),
    ...maxTpsOf(api.more.maxTps),
    ...whenStaleOf(api),
    cors: corsOf(api.cors),
    scopes: api.scopes.map(({ name, roles }) => ({ name, roles })),
  };
}

function resourceOf(operation: CatalogOperation, isPrototype: boolean, security: Security | null): Resource {
  const authType = isPrototype ? 'None' : authTypeOf(operation.authType);
  // A certificate that is mandatory is so for the API as a whole.
  const certificateOnly = authType === 'None' && !isPrototype && security?.mutualTls === 'mandatory';
  return {
    path: operation.target,
    verb: operation.verb as Verb,
    authType: certificateOnly ? 'Any' : authType,
    ...(certificateOnly && { security: { schemes: [], mutualTls: 'mandatory' } }),
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
  if (!withCertificate) return { schemes };
  // Of the two kinds one alone is mandatory, whether or not that is said.
  const needsCredentials = schemes.length > 0 && names.includes('oauth_basic_auth_api_key_mandatory');
  if (names.includes('mutualssl_mandatory') || schemes.length === 0) {
    const schemesOptional = schemes.length > 0 && !needsCredentials;
    return { schemes, mutualTls: 'mandatory', ...(schemesOptional && { schemesOptional }) };
  }
  // Beside credentials that are needed a certificate may be shown, and nothing depends on it.
  if (needsCredentials) return schemes.join() === 'oauth2' ? null : { schemes };
  return { schemes, mutualTls: 'optional' };
}

type KeyKind = 'production' | 'sandbox';

function endpointOf(
  kind: KeyKind,
  config: EndpointConfig | null,
  basic: Endpoint['basic'] | null,
  trust: ApiBelongings['trust'],
): { [K in KeyKind]?: Endpoint } {
  const isFailover = config?.endpoint_type === 'failover';
  const [first, ...rest] = endpointList(config?.[`${kind}_endpoints`]);
  const others = [...rest, ...(isFailover ? endpointList(config?.[`${kind}_failovers`]) : [])].map(({ url }) => url);
  if (!first?.url) return {};
  const timeout = timeoutOf(first.config);
  const authorities = new Set([first.url, ...others].map(authorityOf));
  const trusted = [...authorities].flatMap((authority) => trust?.get(authority) ?? []);
  return {
    [kind]: {
      url: first.url,
      ...(others.length > 0 && { others, type: isFailover ? 'failover' : 'load_balance' }),
      ...(timeout !== null && { timeout }),
      ...(basic && { basic }),
      ...(trusted.length > 0 && { trust: trusted }),
    },
  };
}

export function endpointList(
  given: ConfiguredEndpoint | readonly ConfiguredEndpoint[] | undefined,
): readonly ConfiguredEndpoint[] {
  if (given === undefined) return [];
  return Array.isArray(given) ? given : [given as ConfiguredEndpoint];
}

/** All addresses, of whatever kind. */
export function endpointUrls(config: EndpointConfig | null): string[] {
  const kinds = ['production_endpoints', 'sandbox_endpoints', 'production_failovers', 'sandbox_failovers'] as const;
  return kinds.flatMap((kind) => endpointList(config?.[kind]).map(({ url }) => url));
}

/** Host and port, also where the port is the usual one: `backend.example:443`. Empty when it is no URL. */
export function authorityOf(url: string): string {
  if (!URL.canParse(url)) return '';
  const { hostname, port, protocol } = new URL(url);
  return `${hostname}:${port || (protocol === 'http:' ? '80' : '443')}`;
}

/** Milliseconds, which the original calls the duration until it acts. */
function timeoutOf(config: unknown): number | null {
  const given = Number((config as { actionDuration?: unknown } | null | undefined)?.actionDuration);
  return Number.isSafeInteger(given) && given > 0 ? given : null;
}

/** As the publisher API writes it; less than one is how clients say that there is none. */
function maxTpsOf(given: unknown): Pick<Api, 'maxTps'> {
  const { production = 0, sandbox = 0 } = (given ?? {}) as { production?: number; sandbox?: number };
  if (!(production > 0) && !(sandbox > 0)) return {};
  return { maxTps: { ...(production > 0 && { production }), ...(sandbox > 0 && { sandbox }) } };
}

/** The additional property `whenStale`; nothing else is kept in an API that was checked. */
export function whenStaleOf({ more }: Pick<CatalogApi, 'more'>): { whenStale?: WhenStale } {
  const { whenStale } = (more.additionalProperties ?? {}) as { whenStale?: unknown };
  // Whatever isn't known is the stricter of the two.
  return whenStale === undefined ? {} : { whenStale: whenStale === 'open' ? 'open' : 'closed' };
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
