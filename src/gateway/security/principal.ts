/** Who the gateway decided that the caller is. Made once per token, then kept in a cache. */
import type { TokenIdentity } from '../revocation/token-identity.ts';
import type { RateKey } from '../throttling/rate-counters.ts';

export interface Principal {
  /** `name@tenant` of the user, or of the owner for an application's own token. */
  readonly subject: string;
  readonly consumerKey: string;
  readonly userType: 'APPLICATION' | 'APPLICATION_USER';
  readonly scopes: ReadonlySet<string>;
  /** Seconds since the epoch; the token is good while now is below. */
  readonly expires: number;
  /** What check-revoked looks up. */
  readonly identity: TokenIdentity;
  /** What check-subscription looks the consumer key up by: four words. */
  readonly client: Uint32Array;
  /** Throttling keys of this principal, filled at first use: of its application, and by API ordinal. */
  applicationRate: RateKey | null;
  readonly subscriptionRates: Map<number, RateKey>;
}
