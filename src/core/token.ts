/** What a token says, and who the gateway decided that its bearer is. */
import type { KeyType } from './application.ts';

/** A public signing key of an issuer as a JSON Web Key (RFC 7517). */
export type PublicJwk = Readonly<Record<string, unknown>> & {
  readonly kid: string;
  readonly kty: string;
  /** The one algorithm that it is for; absent (of keys of others only) = any that suits its kind. */
  readonly alg?: string;
};

/** Whether a key in this form (RFC 7518 section 6) has members that are nobody's but their owner's. */
export const hasPrivatePart = (jwk: object): boolean =>
  ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k'].some((name) => name in jwk);

/** A token issuer that gateways trust, with its public keys. */
export interface Issuer {
  /** Exact value of the `iss` claim. */
  readonly issuer: string;
  readonly keys: readonly PublicJwk[];
  /** Required member of `aud`; null = not checked. */
  readonly audience: string | null;
  /** A key manager that is not ours: its consumer keys are known by `KeyMapping.issuer`, so that it speaks for no client of others. */
  readonly foreign?: true;
  /** Where its keys are (RFC 7517 section 5); the gateway fetches them, besides `keys`. */
  readonly jwksUrl?: string;
  /** PEM certificates of keys, for tokens without `kid`. */
  readonly certificates?: readonly string[];
  /** Claim that holds the consumer key; absent = `consumerKey`, `azp`, `client_id` or a single `aud`, whichever is there. */
  readonly consumerKeyClaim?: string;
  /** Claims that are called otherwise by this issuer: its name for it, and ours. */
  readonly claims?: readonly { readonly remote: string; readonly local: string }[];
  /**
   * What an application's subscription is checked by: the gateway's own data (absent); the token's claims, if it has
   * an `application` or `subscribedAPIs` (of an API key: `subscribedAPIs` or `allowedAPIs`), otherwise the data;
   * nothing; or (`managed`) the data for APIs that came from a control plane, and nothing for others. A block that the data
   * knows of holds in each of them.
   */
  readonly subscriptions?: 'data' | 'claim' | 'none' | 'managed';
  /**
   * It signs API keys and no access tokens: what it signed is good for the scheme `api_key` alone. With the `data` of
   * the gateway, a key's application is found by the `uuid` of its `application` claim.
   */
  readonly apiKeys?: true;
}

/** Claims of an access token of the built-in key manager (`docs/tokens.md`). */
export interface AccessTokenClaims {
  readonly iss: string;
  readonly sub: string;
  readonly aud: string | readonly string[];
  readonly exp: number;
  readonly iat: number;
  readonly nbf?: number;
  readonly jti: string;
  readonly scope: string;
  /** The keys that its bearer has to prove (RFC 7800). */
  readonly cnf?: { readonly jkt?: string; readonly 'x5t#S256'?: string };
  readonly consumerKey: string;
  readonly keytype: KeyType;
  /** Who acts for `sub` (RFC 8693 section 4.1). */
  readonly act?: unknown;
  readonly application?: {
    readonly id: number;
    readonly uuid: string;
    readonly name: string;
    readonly owner: string;
    readonly tier: string;
  };
  readonly tierInfo?: Readonly<
    Record<
      string,
      { readonly stopOnQuotaReach: boolean; readonly spikeArrestLimit: number; readonly spikeArrestUnit: string | null }
    >
  >;
  readonly subscribedAPIs?: readonly {
    readonly name: string;
    readonly context: string;
    readonly version: string;
    readonly publisher: string;
    readonly subscriptionTier: string;
    readonly subscriberTenantDomain: string;
  }[];
}

/** The scope that marks a token of an application itself (client_credentials). */
export const applicationScope = 'am_application_scope';

/** The scope of a token for which no other was granted. */
export const defaultScope = 'default';

/** `aud` of access tokens for gateways. */
export const gatewayAudience = 'http://org.wso2.apimgt/gateway';

/** `aud` of API keys: what takes access tokens takes none of them. */
export const apiKeyAudience = 'http://org.wso2.apimgt/gateway/api-key';

/** `typ` in the header of API keys (RFC 8725 section 3.11). */
export const apiKeyType = 'apikey+jwt';

/** Claims of an API key (`docs/tokens.md`). */
export interface ApiKeyClaims
  extends Pick<AccessTokenClaims, 'iss' | 'sub' | 'iat' | 'jti' | 'keytype' | 'tierInfo' | 'subscribedAPIs'> {
  readonly aud: typeof apiKeyAudience;
  readonly token_type: 'apiKey';
  /** Absent = it never expires. */
  readonly exp?: number;
  readonly application: NonNullable<AccessTokenClaims['application']>;
  /** Addresses and ranges, separated by commas; absent = from everywhere. */
  readonly permittedIP?: string;
  /** Patterns of the Referer header with `*`, separated by commas; absent = any. */
  readonly permittedReferer?: string;
}
