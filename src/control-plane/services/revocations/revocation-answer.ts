/** What was revoked. Counts are of what was good until now, and absent where that can't be known. */
export interface RevocationAnswer {
  readonly kind: 'accessToken' | 'refreshToken' | 'apiKey' | 'user' | 'consumerKey';
  /** The name; of a token its `jti`, or the beginning of its hash. */
  readonly value: string;
  /** Absent = ours. */
  readonly issuer?: string;
  /** Whom the token was issued for. */
  readonly user?: string;
  readonly consumerKey?: string;
  /** Seconds since the epoch. */
  readonly issuedBefore?: number;
  readonly expires?: number;
  readonly accessTokens?: number;
  readonly refreshTokens?: number;
  readonly apiKeys?: number;
}
