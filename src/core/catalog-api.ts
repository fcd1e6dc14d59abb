/**
 * An API as the control plane keeps it: what a publisher says of it, and what a developer reads. `deployedApi` makes of it
 * what gateways need to know.
 */
import type { LifeCycleStatus } from './api.ts';

export type ApiType = 'HTTP' | 'WS' | 'SOAPTOREST' | 'SOAP' | 'GRAPHQL';

/** A path and a verb, with what is asked of who calls it. */
export interface CatalogOperation {
  readonly target: string;
  readonly verb: string;
  /** `Any` (also when it is written otherwise), `Application`, `Application User`, `None`. */
  readonly authType: string;
  /** Name of a resource-level policy. */
  readonly throttlingPolicy: string;
  readonly scopes: readonly string[];
}

export interface CatalogScope {
  readonly name: string;
  readonly displayName: string;
  readonly description: string;
  /** Roles that may have it; empty = everybody. */
  readonly roles: readonly string[];
  /** It belongs to no single API. */
  readonly shared: boolean;
}

export interface CatalogCors {
  readonly corsConfigurationEnabled: boolean;
  readonly accessControlAllowOrigins: readonly string[];
  readonly accessControlAllowCredentials: boolean;
  readonly accessControlAllowHeaders: readonly string[];
  readonly accessControlAllowMethods: readonly string[];
}

/** One address of an `EndpointConfig`. */
export interface ConfiguredEndpoint {
  readonly url: string;
  /** `{actionDuration: milliseconds}` and what else the original keeps here. */
  readonly config?: unknown;
}

/** Addresses in the form of the publisher API. */
export interface EndpointConfig {
  readonly endpoint_type?: string;
  readonly production_endpoints?: ConfiguredEndpoint | readonly ConfiguredEndpoint[];
  readonly sandbox_endpoints?: ConfiguredEndpoint | readonly ConfiguredEndpoint[];
  readonly production_failovers?: readonly ConfiguredEndpoint[];
  readonly sandbox_failovers?: readonly ConfiguredEndpoint[];
  readonly [other: string]: unknown;
}

export interface CatalogApi {
  readonly id: string;
  readonly name: string;
  /** Without the version: `/pizzashack`. */
  readonly context: string;
  readonly version: string;
  /** `name@tenant`. */
  readonly provider: string;
  readonly status: LifeCycleStatus;
  readonly type: ApiType;
  readonly description: string;
  /** The version of its name that is meant when none is said: one at most. */
  readonly isDefaultVersion: boolean;
  /**
   * Whether gateways serve it at the context without the version. Absent = as `isDefaultVersion` says. The two differ
   * while the default version is not published yet: until then the one before goes on.
   */
  readonly servesDefault?: boolean;
  readonly tags: readonly string[];
  /** Subscription-level policies that an application can choose from. */
  readonly policies: readonly string[];
  /** Resource-level policy of the API as a whole; null = its operations' own. */
  readonly apiThrottlingPolicy: string | null;
  readonly transports: readonly ('http' | 'https')[];
  /** As the publisher API names them: `oauth2`, `basic_auth`, `api_key`, `mutualssl`, `oauth_basic_auth_api_key_mandatory`, `mutualssl_mandatory`. */
  readonly securityScheme: readonly string[];
  readonly authorizationHeader: string | null;
  /** Who sees it in the developer portal. */
  readonly visibility: 'PUBLIC' | 'PRIVATE' | 'RESTRICTED';
  readonly visibleRoles: readonly string[];
  /** Who sees it in the publisher. */
  readonly accessControl: 'NONE' | 'RESTRICTED';
  readonly accessControlRoles: readonly string[];
  readonly operations: readonly CatalogOperation[];
  readonly scopes: readonly CatalogScope[];
  readonly cors: CatalogCors | null;
  readonly endpointConfig: EndpointConfig | null;
  /** Credentials for back ends; `sealed` is the password under the store key. */
  readonly endpointSecurity: {
    readonly type: 'BASIC' | 'DIGEST';
    readonly username: string;
    readonly sealed: string;
  } | null;
  readonly categories: readonly string[];
  /** Fields of the publisher API that nothing here depends on, as they were given. */
  readonly more: Readonly<Record<string, unknown>>;
  /** Seconds since the epoch. */
  readonly createdAt: number;
  readonly updatedAt: number;
}
