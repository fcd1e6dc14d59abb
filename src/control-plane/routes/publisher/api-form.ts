/** APIs in the form of the publisher API. */
import type { CatalogApi, CatalogCors, CatalogScope } from '../../../core/catalog-api.ts';
import { shownUserName } from '../../../core/tenant.ts';
import type { API, APIInfo, APIScope } from '../../rest/definitions/publisher.ts';
import { defaultCors } from '../../services/apis/api-defaults.ts';

/** What is kept beside an API. */
export interface Beside {
  readonly hasThumbnail: boolean;
  /** Whether a step in its life cycle waits for an administrator. */
  readonly waits: boolean;
}

export const nothingBeside: Beside = { hasThumbnail: false, waits: false };

export function toForm(api: CatalogApi, { hasThumbnail, waits }: Beside = nothingBeside): API {
  return {
    ...(api.more as Partial<API>),
    id: api.id,
    name: api.name,
    description: api.description,
    context: api.context,
    version: api.version,
    provider: shownUserName(api.provider),
    lifeCycleStatus: api.status,
    hasThumbnail,
    isDefaultVersion: api.isDefaultVersion,
    enableSchemaValidation: false,
    type: api.type,
    transport: [...api.transports],
    tags: [...api.tags],
    policies: [...api.policies],
    ...(api.apiThrottlingPolicy !== null && { apiThrottlingPolicy: api.apiThrottlingPolicy }),
    ...(api.authorizationHeader !== null && { authorizationHeader: api.authorizationHeader }),
    securityScheme: [...api.securityScheme],
    visibility: api.visibility,
    visibleRoles: [...api.visibleRoles],
    ...(api.endpointSecurity && {
      endpointSecurity: { type: api.endpointSecurity.type, username: api.endpointSecurity.username, password: '' },
    }),
    mediationPolicies: [],
    accessControl: api.accessControl,
    accessControlRoles: [...api.accessControlRoles],
    corsConfiguration: (api.cors ?? { ...defaultCors, corsConfigurationEnabled: false }) as Mutable<CatalogCors>,
    workflowStatus: waits ? 'CREATED' : 'APPROVED',
    createdTime: timeText(api.createdAt),
    lastUpdatedTime: timeText(api.updatedAt),
    ...(api.endpointConfig && { endpointConfig: api.endpointConfig as Record<string, unknown> }),
    endpointImplementationType: 'ENDPOINT',
    scopes: api.scopes.map(scopeForm),
    operations: api.operations.map((operation) => ({
      ...operation,
      scopes: [...operation.scopes],
      usedProductIds: [],
    })),
    categories: [...api.categories],
  };
}

export function toInfo(api: CatalogApi, { hasThumbnail, waits }: Beside = nothingBeside): APIInfo {
  return {
    id: api.id,
    name: api.name,
    description: api.description,
    context: api.context,
    version: api.version,
    provider: shownUserName(api.provider),
    type: api.type,
    lifeCycleStatus: api.status,
    workflowStatus: waits ? 'CREATED' : 'APPROVED',
    hasThumbnail,
    securityScheme: [...api.securityScheme],
  };
}

/** Of seconds since the epoch. */
export const timeText = (seconds: number): string => new Date(seconds * 1000).toISOString();

type Mutable<T> = { -readonly [K in keyof T]: T[K] extends readonly (infer E)[] ? E[] : T[K] };

function scopeForm({ name, displayName, description, roles, shared }: CatalogScope): APIScope {
  return { scope: { name, displayName, description, bindings: [...roles] }, shared };
}
