/** An API and its parts, as a gateway needs to know them. */

/** The verbs that a resource can have. */
export const verbs = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'HEAD', 'OPTIONS'] as const;
export type Verb = (typeof verbs)[number];

/**
 * Who may call a resource: anybody with a token, only an application's own token (client_credentials), only a token
 * of a user, or everybody without a token.
 */
export type AuthType = 'Any' | 'Application' | 'Application User' | 'None';

export type LifeCycleStatus = 'CREATED' | 'PROTOTYPED' | 'PUBLISHED' | 'BLOCKED' | 'DEPRECATED' | 'RETIRED';

/** How callers may show who they are. */
export type SchemeName = 'oauth2' | 'basic_auth' | 'api_key';

/** Where an API key is looked for. */
export interface ApiKeyPlace {
  readonly in: 'header' | 'query';
  readonly name: string;
}

/** The authentication that an API or a resource asks for. */
export interface Security {
  /** Any one of these lets a caller in. Empty: only `mutualTls` counts. */
  readonly schemes: readonly SchemeName[];
  /** With `api_key`; absent = header or query parameter `apikey`. */
  readonly apiKeys?: readonly ApiKeyPlace[];
  /** `mandatory`: a client certificate is needed besides; `optional`: it is one more way to be let in. */
  readonly mutualTls?: 'mandatory' | 'optional';
  /** With a mandatory certificate, which then is enough; credentials of the schemes have to be good if they are sent. */
  readonly schemesOptional?: true;
}

/** A certificate that lets a caller in. */
export interface AcceptedCertificate {
  /** SHA-256 of it in DER, hexadecimal. */
  readonly fingerprint: string;
  /** Name of the subscription policy of who shows it. */
  readonly tier: string;
  /** PEM, if it is an authority's: then certificates that it issued let callers in too, and share its tier. */
  readonly authority?: string;
}

/** Absent means this: an access token. */
export const tokenSecurity: Security = { schemes: ['oauth2'] };

/** A path and a verb of an API. */
export interface Resource {
  /** Path template below the API's context: `/order/{orderId}`, `/*`. */
  readonly path: string;
  readonly verb: Verb;
  readonly authType: AuthType;
  /** Any one of these suffices; empty = none needed. */
  readonly scopes: readonly string[];
  /** Name of a resource-level policy; `Unlimited` = no limit. */
  readonly tier: string;
  /** Absent = the API's. */
  readonly security?: Security;
  /** In place of the API's own, each by itself. */
  readonly endpoints?: Endpoints;
}

/** Back-end addresses of one key type. */
export interface Endpoint {
  /** By which the configuration of a microgateway replaces addresses and credentials. */
  readonly name?: string;
  /** Absolute http or https URL; the request's path below the context is appended. */
  readonly url: string;
  /** Further addresses, and how they are used: in turn with the first, or when it can't be reached. */
  readonly others?: readonly string[];
  readonly type?: 'load_balance' | 'failover';
  /** Credentials that the back end wants, sent as HTTP Basic. An artifact has no password: empty = given at its start. */
  readonly basic?: { readonly username: string; readonly password: string };
  /** Milliseconds until the head of the answer has to be there. Absent = the gateway's option. */
  readonly timeout?: number;
  /** Certificates (PEM) that the back end's may be or be signed by, besides those of the known authorities. */
  readonly trust?: readonly string[];
}

export interface Endpoints {
  readonly production?: Endpoint;
  readonly sandbox?: Endpoint;
}

/** Cross-origin rules (the Fetch standard's CORS protocol). */
/** `closed`: then it answers 503. */
export type WhenStale = 'open' | 'closed';

export interface Cors {
  readonly allowOrigins: readonly string[];
  readonly allowHeaders: readonly string[];
  readonly allowMethods: readonly string[];
  readonly allowCredentials: boolean;
}

export interface Api {
  readonly id: string;
  readonly name: string;
  readonly version: string;
  /** User who published it, `name@tenant`. */
  readonly provider: string;
  /** First part of its URLs without the version: `/pizzashack`. */
  readonly context: string;
  /** Where it is served, if that is not context and version: `/petstore/v1`. */
  readonly basePath?: string;
  /** Also answers at the context without the version. */
  readonly isDefaultVersion: boolean;
  /** In an artifact: it came from a control plane, which knows who is subscribed to it. */
  readonly managed?: true;
  readonly status: LifeCycleStatus;
  readonly resources: readonly Resource[];
  readonly endpoints: Endpoints;
  /** Absent = an access token. */
  readonly security?: Security;
  /** With `mutualTls`. */
  readonly clientCertificates?: readonly AcceptedCertificate[];
  /** Header field that carries token or Basic credentials, in lower case; absent = the gateway's option. */
  readonly authorizationHeader?: string;
  /** Absent = both. */
  readonly transports?: readonly ('http' | 'https')[];
  /** Name of a resource-level policy that holds for the API as a whole and replaces its resources' own. */
  readonly tier?: string;
  /** Requests that its back ends of each kind get in each second at most; absent = as many as there are. */
  readonly maxTps?: { readonly production?: number; readonly sandbox?: number };
  /** null = the API answers no cross-origin requests. */
  readonly cors: Cors | null;
  /** Scopes of this API with the roles that may have them; no roles = everybody. */
  readonly scopes: readonly { readonly name: string; readonly roles: readonly string[] }[];
  /** Whether it is served when the gateway has not heard for too long what was decided; absent = as the gateway's options say. */
  readonly whenStale?: WhenStale;
}
