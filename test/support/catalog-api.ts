/** The catalogue's form of what a test says as gateways know it. */
import type { Api, Endpoint } from '../../src/core/api.ts';
import type { CatalogApi, CatalogScope, ConfiguredEndpoint } from '../../src/core/catalog-api.ts';

/** What `deployedApi` makes the API of again. */
export function catalogApi(api: Api, createdAt = 1_700_000_000): CatalogApi {
  const { production, sandbox } = api.endpoints;
  return {
    id: api.id,
    name: api.name,
    context: api.context,
    version: api.version,
    provider: api.provider,
    status: api.status,
    type: 'HTTP',
    description: '',
    isDefaultVersion: api.isDefaultVersion,
    tags: [],
    policies: ['Unlimited'],
    apiThrottlingPolicy: api.tier ?? null,
    transports: api.transports ?? ['http', 'https'],
    securityScheme: api.security?.schemes ?? ['oauth2'],
    authorizationHeader: api.authorizationHeader ?? null,
    visibility: 'PUBLIC',
    visibleRoles: [],
    accessControl: 'NONE',
    accessControlRoles: [],
    operations: api.resources.map(({ path, verb, authType, tier, scopes }) => ({
      target: path,
      verb,
      authType,
      throttlingPolicy: tier,
      scopes,
    })),
    scopes: catalogScopes(api.scopes),
    cors: api.cors && {
      corsConfigurationEnabled: true,
      accessControlAllowOrigins: api.cors.allowOrigins,
      accessControlAllowHeaders: api.cors.allowHeaders,
      accessControlAllowMethods: api.cors.allowMethods,
      accessControlAllowCredentials: api.cors.allowCredentials,
    },
    endpointConfig: {
      endpoint_type: production?.type ?? 'http',
      ...(production && { production_endpoints: configured(production) }),
      ...(sandbox && { sandbox_endpoints: configured(sandbox) }),
    },
    endpointSecurity: null,
    categories: [],
    more: { ...(api.maxTps && { maxTps: api.maxTps }) },
    createdAt,
    updatedAt: createdAt,
  };
}

export function catalogScopes(scopes: Api['scopes']): CatalogScope[] {
  return scopes.map(({ name, roles }) => ({ name, displayName: name, description: '', roles, shared: false }));
}

function configured({ url, timeout }: Endpoint): ConfiguredEndpoint {
  return { url, ...(timeout !== undefined && { config: { actionDuration: timeout } }) };
}
