/** Under which fingerprints a token can have been revoked: itself, its subject, its client. */
import type { Revocation } from '../../core/revocation.ts';
import { type Fingerprinter, fingerprintWords } from '../../platform/fingerprint.ts';

/** Kinds of fingerprints; rate keys have others. */
const kinds: Readonly<Record<Revocation['type'], number>> = { token: 1, unnamed: 2, opaque: 3, subject: 4, client: 5 };

/** Where the fingerprints begin in `TokenIdentity.words`. */
export const tokenAt = 0;
export const subjectAt = fingerprintWords;
export const clientAt = 2 * fingerprintWords;

/** Kept with a cached token, so that a request computes none of this. */
export class TokenIdentity {
  /** Three fingerprints. A subject or client that the token doesn't name is all zeros, which no revocation has. */
  readonly words: Uint32Array = new Uint32Array(3 * fingerprintWords);
  /** The second in which it was issued; 0 if the token doesn't say, which any "issued before" covers. */
  readonly issuedAt: number;
  /** Generation of the revoked set at which this token was last found clean; -1 = not looked up yet. */
  cleanAt = -1;

  constructor(issuedAt: number) {
    this.issuedAt = issuedAt;
  }
}

/** What a validated token says about itself. */
export type TokenNames = {
  readonly issuer: string;
  readonly sub?: string | undefined;
  readonly clientId?: string | undefined;
  /** NumericDate (RFC 7519 section 2): seconds, possibly with a fraction. */
  readonly iat?: number | undefined;
} & (
  | { readonly jti: string }
  /** base64url SHA-256 of the signing input of a JWT without `jti`. */
  | { readonly unnamedHash: string }
  /** base64url SHA-256 of an opaque token. */
  | { readonly opaqueHash: string }
);

export function identifyToken(fingerprinter: Fingerprinter, token: TokenNames): TokenIdentity {
  const { issuer, sub, clientId, iat } = token;
  const identity = new TokenIdentity(iat !== undefined && iat > 0 ? Math.floor(iat) : 0);
  const write = (at: number, type: Revocation['type'], value: string) =>
    writeRevocable(fingerprinter, identity.words, at, { type, issuer, value });
  if ('jti' in token) write(tokenAt, 'token', token.jti);
  else if ('unnamedHash' in token) write(tokenAt, 'unnamed', token.unnamedHash);
  else write(tokenAt, 'opaque', token.opaqueHash);
  if (sub !== undefined) write(subjectAt, 'subject', sub);
  if (clientId !== undefined) write(clientAt, 'client', clientId);
  return identity;
}

/** The fingerprint of what can be revoked. The revoked set and the identities of tokens have to agree on it. */
export function writeRevocable(
  fingerprinter: Fingerprinter,
  into: Uint32Array,
  at: number,
  { type, issuer, value }: Pick<Revocation, 'type' | 'issuer' | 'value'>,
): void {
  // A hash is an identity without its issuer, and the revocation of one names none.
  const scope = type === 'unnamed' || type === 'opaque' ? '' : issuer;
  fingerprinter.write(into, at, kinds[type], scope, value);
}
