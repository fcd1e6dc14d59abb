/** An OpenAPI definition, read and checked: what the publisher and the toolkit make APIs of. */

export interface OpenApiOperation {
  /** As written in `paths`: `/order/{orderId}`. */
  readonly path: string;
  /** In upper case. */
  readonly verb: string;
  /** JSON pointer of the operation in the document (RFC 6901): what an error about it names. */
  readonly pointer: string;
  /** The operation object, references resolved as far as they stand for a whole object (not those of schemas). */
  readonly raw: Readonly<Record<string, unknown>>;
  /**
   * What the caller must show, by the operation's own `security` or else the document's: any one of the alternatives, of
   * each all. null = the document says nothing; an empty list = nothing is asked.
   */
  readonly security: readonly Readonly<Record<string, readonly string[]>>[] | null;
}

/** A security scheme of the document, in the form of OpenAPI 3. */
export interface OpenApiSecurityScheme {
  readonly name: string;
  readonly type: 'oauth2' | 'http' | 'apiKey' | 'openIdConnect' | 'mutualTLS';
  /** Of `http`: `basic`, `bearer`, … in lower case. */
  readonly scheme?: string;
  /** Of `apiKey`. */
  readonly in?: 'header' | 'query' | 'cookie';
  readonly parameter?: string;
  /** Of `oauth2`: names with their descriptions, and roles where `x-scopes-bindings` says them. */
  readonly scopes: readonly {
    readonly name: string;
    readonly description: string;
    readonly roles: readonly string[];
  }[];
}

export interface OpenApiDocument {
  /** `2.0`, `3.0.1`, `3.1.0`. */
  readonly openapi: string;
  readonly title: string;
  readonly version: string;
  readonly description: string;
  /** Absolute addresses of its servers, variables replaced by their defaults. OpenAPI 2: of `schemes`, `host` and `basePath`. */
  readonly servers: readonly string[];
  /** Path of the first server (of `basePath`), without a slash at its end; empty = none. */
  readonly basePath: string;
  readonly operations: readonly OpenApiOperation[];
  readonly securitySchemes: readonly OpenApiSecurityScheme[];
  /** The document as it was written, parsed. */
  readonly raw: Readonly<Record<string, unknown>>;
}

/** Something wrong with a file that a user wrote. */
export interface Problem {
  readonly severity: 'error' | 'warning';
  readonly file: string;
  /** `line:column`, as far as it is known. */
  readonly line?: number;
  readonly column?: number;
  /** JSON pointer, or empty for the file as a whole. */
  readonly place: string;
  /** What is wrong. */
  readonly message: string;
  /** What to do about it. */
  readonly remedy: string;
}
