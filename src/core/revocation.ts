/** What can be revoked, and the one form in which a revocation travels. */

/** Seconds since the epoch; stands for "never" (9999-12-31T23:59:59Z). */
export const never = 253_402_300_799;

/**
 * One revocation. `id` of the entity is `revocationId(revocation)`.
 *
 * - `token`: the JWT with this issuer and `jti`.
 * - `unnamed`: a JWT without `jti`; `value` = base64url SHA-256 of its signing input.
 * - `opaque`: an opaque token; `value` = base64url SHA-256 of the token.
 * - `subject`, `client`: every token of this subject or client of the issuer, or, with `issuedBefore`, those whose
 *   `iat` is at most that second (RFC 7519 NumericDate; the second itself included).
 */
export interface Revocation {
  readonly type: 'token' | 'unnamed' | 'opaque' | 'subject' | 'client';
  /** Issuer of the tokens meant; empty for `unnamed` and `opaque`, whose value is an identity by itself. */
  readonly issuer: string;
  /** `jti`, hash, subject or client id. */
  readonly value: string;
  /** Seconds since the epoch; only with `subject` and `client`. */
  readonly issuedBefore?: number;
  /** Seconds since the epoch at which the last token meant has expired; `never` = keep for ever. */
  readonly expires: number;
}

/** The entity id: two revocations of the same thing have the same one. */
export function revocationId(r: Pick<Revocation, 'type' | 'issuer' | 'value'>): string {
  return `${r.type}|${r.issuer}|${r.value}`;
}

/** As much of a hash as people are shown: it tells tokens apart, and nothing is found by it. */
export const shortHash = (hash: string): string => `${hash.slice(0, 12)}…`;
