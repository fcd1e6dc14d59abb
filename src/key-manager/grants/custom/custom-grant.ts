/** What a grant is that somebody else has written, as a module of its own (docs/grants.md has a whole one). */

/** What the module exports. */
export interface CustomGrant {
  /** Value of `grant_type`: an absolute URI of yours (RFC 6749 section 4.5). */
  readonly grantType: string;
  /** Parameters that it reads; others it does not see. */
  readonly parameters: readonly string[];
  /** Decides. Returns what `issue` gave; refuses by `refuse`. Whatever else it throws is a 500, and is logged. */
  handle(request: CustomGrantRequest): Promise<Granted>;
}

/** A request to the token endpoint. The client has authenticated itself, and may use the grant. */
export interface CustomGrantRequest {
  readonly client: {
    /** The consumer key. */
    readonly id: string;
    readonly name: string;
    /** `name@tenant`. */
    readonly owner: string;
  };
  /** Seconds since the epoch, by the clock of the key manager. */
  readonly now: number;
  /** A parameter; null = missing or empty. */
  get(parameter: string): string | null;
  /** A parameter; without it the answer is 400 `invalid_request`. */
  require(parameter: string): string;
  /** The user of this name, `mary` or `mary@carbon.super`; null = none. */
  findUser(name: string): Promise<CustomGrantUser | null>;
  /** The same, if this is the password. Wrong ones are counted as at a log-in. */
  verifyUser(name: string, password: string): Promise<CustomGrantUser | null>;
  /**
   * Gives tokens, at most once a request. Refuses with 400 when the user is unknown, has lost everything meanwhile, or
   * `once` was taken before.
   */
  issue(order: CustomGrantOrder): Promise<Granted>;
  /** Ends the request with 400. The description is public: it names what was wrong, and no secret. */
  refuse(description: string, error?: 'invalid_grant' | 'invalid_request' | 'invalid_scope' | 'access_denied'): never;
}

export interface CustomGrantUser {
  /** `name@tenant`. */
  readonly fullName: string;
  readonly roles: readonly string[];
}

export interface CustomGrantOrder {
  /** Whose tokens: a name as `findUser` takes it. Scopes and roles are his. */
  readonly user: string;
  /** Scopes asked for; default: the parameter `scope`, if it is among `parameters`. */
  readonly scopes?: readonly string[];
  /** Seconds that the access token is valid at most; it is never longer than the client's others. */
  readonly validity?: number;
  /** Whether a refresh token comes with it, to a client that may use one; default false. */
  readonly refreshToken?: boolean;
  /**
   * What the tokens are given for, where it is good once, on all nodes together: its name, and until when (seconds since
   * the epoch) `handle` itself would take it.
   */
  readonly once?: { readonly id: string; readonly expiresAt: number };
}

/** What `issue` gave. */
export interface Granted {
  readonly scope: string;
}
