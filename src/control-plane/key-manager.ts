/** What the control plane asks of the key manager that runs beside it on the same store. */
import type { FastifyRequest } from 'fastify';
import type { ApiKeyRow } from '../adapters/stores/api-keys.ts';
import type { RevokedCounts } from '../adapters/stores/revocations.ts';
import type { StoreTransaction } from '../adapters/stores/store.ts';
import type { KeyType } from '../core/application.ts';
import type { IdentityProvider } from '../core/identity-provider.ts';

/** What is true of an active access token. */
export interface TokenFacts {
  /** `name@tenant`. */
  readonly username: string;
  readonly client_id: string;
  /** Space-separated. */
  readonly scope: string;
}

/** A token that was revoked, with what went with it. */
export interface RevokedToken extends RevokedCounts {
  readonly kind: 'access' | 'refresh';
  /** The `jti` of a JWT; the beginning of the hash of another token. */
  readonly id: string;
  /** `name@tenant`. */
  readonly subject: string;
  readonly consumerKey: string;
  /** Seconds since the epoch. */
  readonly expires: number;
}

/** Without its private part, which nobody is ever shown. Times are seconds since the epoch. */
export interface SigningKey {
  readonly kid: string;
  readonly algorithm: string;
  readonly origin: 'MADE' | 'IMPORTED';
  readonly phase: 'NEXT' | 'SIGNING' | 'ENDED' | 'WITHDRAWN' | 'REVOKED';
  readonly createdAt: number;
  readonly signsFrom: number;
  /** Absent = nothing ends it yet. */
  readonly signsUntil?: number;
  /** When the last token that it signed has expired. */
  readonly neededUntil: number;
}

export interface NextSigningKey {
  /** Default: that of access tokens. */
  readonly algorithm?: string;
  /** Seconds that it is published before it signs; default: the option `tokens.keyOverlap`. */
  readonly signsAfter?: number;
}

/** Runs in the transaction of what is done to a key, and may run twice. */
export type DecideSigningKey = (tx: StoreTransaction, key: SigningKey) => Promise<void>;

export interface KeyManager {
  /** Every grant type that a key may be for. */
  readonly grantTypes: readonly string[];
  /** Null when the token is not active. @throws RestError 401 when it is bound to a key that the request does not prove */
  introspectShown(token: string, request: FastifyRequest): Promise<TokenFacts | null>;
  /**
   * An access token of an application itself (`client_credentials`). `validity` is in seconds; -1 = the default, -2 = for
   * ever.
   * @throws RestError 400 when the consumer key gets none
   */
  applicationToken(request: {
    readonly consumerKey: string;
    readonly scopes: readonly string[];
    readonly validity: number;
  }): Promise<{ readonly value: string; readonly scopes: readonly string[]; readonly expiresIn: number }>;
  /**
   * Signs an API key. Its row has to be written before it is handed out. Null when there is no such application.
   * @param request `validity` in seconds; null = for ever
   */
  signApiKey(request: {
    readonly applicationId: string;
    readonly keyType: KeyType;
    readonly subject: string;
    readonly validity: number | null;
    readonly permittedIP?: string;
    readonly permittedReferer?: string;
  }): Promise<{ readonly value: string; readonly row: ApiKeyRow } | null>;
  /** The keys that it signs with. */
  readonly signingKeys: {
    list(): Promise<SigningKey[]>;
    /** @throws RestError 400, 409 */
    rotate(next: NextSigningKey, decide: DecideSigningKey): Promise<SigningKey>;
    /** @param next `key` in PEM. @throws RestError 400, 409 */
    importKey(
      next: NextSigningKey & { readonly key: string; readonly passphrase?: string },
      decide: DecideSigningKey,
    ): Promise<SigningKey>;
    /** It signs no more; what it signed stays good. Null = there is none. @throws RestError 409 */
    retire(kid: string, decide: DecideSigningKey): Promise<SigningKey | null>;
    /** Nothing that it signed is good any more. Null = there is none. */
    revoke(kid: string, decide: DecideSigningKey): Promise<SigningKey | null>;
  };
  /** The `jti` of an API key that the key manager signed, dead or alive; null when it is none. */
  readApiKey(text: string): Promise<string | null>;
  /** Why nobody could log in with it now, as far as it can be seen by asking it; null = no reason is known. */
  problemOfProvider(provider: IdentityProvider): Promise<string | null>;
  /** Seconds that a token of an application may be valid at most; below 0 = no maximum. */
  readonly maxValidity: number;
  /** Seconds that `expires_in` says less than a token is valid: every validity is longer. */
  readonly timestampSkew: number;
  readonly revoker: {
    /** A token. `foreign`: it was issued to another consumer key, and stays; `nothing`: it is dead or unknown. */
    revoke(token: string, consumerKey: string): Promise<{ readonly outcome: 'revoked' | 'nothing' | 'foreign' }>;
    /**
     * As `revoke`, whoever it was issued to. Null when it is unknown or dead; else `decide` runs in the transaction, and
     * may run twice.
     */
    revokeAny(
      token: string,
      decide: (tx: StoreTransaction, revoked: RevokedToken) => Promise<void>,
    ): Promise<RevokedToken | null>;
    /**
     * Everything issued for a user (`name@tenant`) up to the end of this second, or up to that of `issuedBefore`
     * (seconds, not in the future).
     */
    revokeSubject(subject: string, tx?: StoreTransaction, issuedBefore?: number): Promise<RevokedCounts>;
    /** Everything issued to a consumer key; the rest as `revokeSubject`. */
    revokeClient(consumerKey: string, tx?: StoreTransaction, issuedBefore?: number): Promise<RevokedCounts>;
  };
}
