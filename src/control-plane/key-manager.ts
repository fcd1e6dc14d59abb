/** What the control plane asks of the key manager that runs beside it on the same store. */
import type { StoreTransaction } from '../adapters/stores/store.ts';

/** What is true of an active access token. */
export interface TokenFacts {
  /** `name@tenant`. */
  readonly username: string;
  readonly client_id: string;
  /** Space-separated. */
  readonly scope: string;
}

export interface KeyManager {
  /** Null when the token is not active. */
  introspect(token: string): Promise<TokenFacts | null>;
  readonly revoker: {
    /** Everything issued for a user (`name@tenant`) up to the end of this second. */
    revokeSubject(subject: string, tx?: StoreTransaction): Promise<void>;
    /** Everything issued to a consumer key up to the end of this second. */
    revokeClient(consumerKey: string, tx?: StoreTransaction): Promise<void>;
  };
}
