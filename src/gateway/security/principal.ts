/** Who the gateway decided that the caller is. Made once per token, then kept in a cache. */
import type { KeyType } from '../../core/application.ts';
import type { TokenIdentity } from '../revocation/token-identity.ts';
import type { RateKey } from '../throttling/rate-counters.ts';
import type { Binding } from './binding.ts';
import type { Restriction } from './restriction.ts';

/** What a token is for: an API key is no access token. */
export type TokenUse = 'access token' | 'API key';

export interface Principal {
  /** What was sent; null = name and password, or a client certificate. */
  readonly use: TokenUse | null;
  /** `name@tenant` of the user, or of the owner for an application's own token. */
  readonly subject: string;
  /** null = the credentials name none. */
  readonly consumerKey: string | null;
  readonly userType: 'APPLICATION' | 'APPLICATION_USER';
  /** null = scopes don't count for credentials of this kind. */
  readonly scopes: ReadonlySet<string> | null;
  /** Seconds since the epoch; the token is good while now is below. */
  readonly expires: number;
  /** What check-revoked looks up. */
  readonly identity: TokenIdentity;
  /** What check-subscription looks the application up by: four words. */
  readonly client: Uint32Array;
  /** What the credentials say themselves about application and subscriptions; null = the gateway's data decides. */
  readonly claimed: Claimed | null;
  /** The claims of a signed token as they stand in it, for the few limits that depend on them; null = it has none. */
  readonly encodedClaims: string | null;
  /** Keys that whoever sends the token has to prove; null = it is its bearer's. */
  readonly binding: Binding | null;
  /** Of an API key: from where it may be used; null = from everywhere. */
  readonly restriction: Restriction | null;
  /** null = that of the consumer key in the gateway's data. */
  readonly keyType: KeyType | null;
  /** Throttling keys of this principal, filled at first use: of its application, and by API ordinal. */
  applicationRate: RateKey | null;
  subscriptionRates: Map<number, RateKey> | null;
}

/** What credentials say about themselves. */
export interface Claimed {
  /** Stands for the application in rate limits; no application of the gateway's data has it. */
  readonly application: number;
  /** Name of its policy. */
  readonly applicationTier: string;
  /** The APIs that it is subscribed to; null = nobody asks. */
  readonly apis: readonly SubscribedApi[] | null;
  /** At an API that came from a control plane the gateway's data decides all the same. */
  readonly unlessManaged: boolean;
}

export interface SubscribedApi {
  readonly name: string;
  /** `*` = every version. */
  readonly version: string;
  /** Name of the subscription's policy. */
  readonly tier: string;
}
