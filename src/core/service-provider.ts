/** Who is told about users that log in here, by SAML assertions of ours. */

export interface ServiceProvider {
  readonly id: string;
  readonly tenant: string;
  readonly name: string;
  readonly description: string;
  /** To one that is switched off nobody is sent. */
  readonly enabled: boolean;
  /** `Issuer` of its requests, and audience of what it gets. */
  readonly entityId: string;
  /** Its assertion consumer services, to which browsers bring assertions (HTTP-POST binding). The first is the usual one. */
  readonly consumerUrls: readonly string[];
  /**
   * Other origins to which its consumer services send browsers on. Chromium allows a form nothing else than what the page allows,
   * up to the last address that it leads to.
   */
  readonly landingOrigins: readonly string[];
  /** PEM. Any of them may have signed a request. */
  readonly certificates: readonly string[];
  /** Whether a request that is not signed is refused. */
  readonly requireSignedRequests: boolean;
  /** Whether a log-in may begin here, without a request (`/samlsso?spEntityID=…`). */
  readonly allowUnsolicited: boolean;
  /** For whom else its assertions are: a token endpoint at which it exchanges them. */
  readonly audiences: readonly string[];
  /** Where else they may be presented. */
  readonly recipients: readonly string[];
  /** Seconds that an assertion is good, and what it is exchanged for at most. */
  readonly assertionValidity: number;
  /** The attribute that says the user's roles; empty = nothing says them. */
  readonly roleAttribute: string;
  /** What it is told of the user, and the attribute that says it. */
  readonly claims: Readonly<Partial<Record<ToldClaim, string>>>;
  /** Whether users are named with their tenant: `mary@carbon.super`. */
  readonly qualifiedNames: boolean;
}

/** Under this, and not our own name as issuer, is noted what its assertions were exchanged for here. */
export const assertionsFor = ({ id }: Pick<ServiceProvider, 'id'>): string => `service-provider:${id}`;

/** What can be told of a user, besides his name and roles. */
export const toldClaims = ['name', 'given_name', 'family_name', 'email'] as const;
export type ToldClaim = (typeof toldClaims)[number];
