/** The JWT scheme: signed access tokens (RFC 7519), verified here and remembered until they expire. */
import { hash } from 'node:crypto';
import { type Fault, faults } from '../../core/faults.ts';
import { applicationScope } from '../../core/token.ts';
import type { GenerationalCache } from '../caches/generational-cache.ts';
import { bearerRefusal } from './challenge.ts';
import type { Issuers } from './issuers.ts';
import type { Principal } from './principal.ts';
import type { PrincipalFactory } from './principal-factory.ts';
import { bearerToken, type Scheme } from './scheme.ts';

export interface JwtSchemeOptions {
  readonly issuers: Issuers;
  readonly principals: PrincipalFactory;
  /** Verified tokens by the whole Authorization value: comparing it proves every byte of the token. */
  readonly verified: GenerationalCache<Principal>;
  /** Tokens with a wrong signature, so that repeating one costs no verification. */
  readonly invalid: GenerationalCache<true>;
  /** Milliseconds that a verified token may be remembered, and an invalid one. */
  readonly verifiedTtl: number;
  readonly invalidTtl: number;
  /** Seconds that `nbf` and `iat` may lie ahead of this clock. `exp` is never stretched. */
  readonly skew: number;
}

const invalid = (why: string): Fault => bearerRefusal(faults.invalidCredentials, why);
const malformed = invalid('The access token is malformed.');
const badSignature = invalid('The signature of the access token is not valid.');
const unknownIssuer = invalid('The access token was not issued by a trusted issuer.');
const unknownKey = invalid('The access token was signed with an unknown key.');
const wrongAudience = invalid('The access token is meant for somebody else.');
const notYet = invalid('The access token is not valid yet.');
const expired = bearerRefusal(faults.tokenExpired);

export class JwtScheme implements Scheme {
  readonly #options: JwtSchemeOptions;

  constructor(options: JwtSchemeOptions) {
    this.#options = options;
  }

  cached(credentials: string, now: number): Principal | undefined {
    return this.#options.verified.get(credentials, now);
  }

  clear(): void {
    this.#options.verified.clear();
    this.#options.invalid.clear();
  }

  verify(credentials: string, now: number): Principal | Fault {
    const { issuers, principals, verified, invalid, verifiedTtl, invalidTtl, skew } = this.#options;
    if (invalid.get(credentials, now)) return badSignature;
    const token = bearerToken(credentials);
    const parts = token?.split('.') ?? [];
    const [head, body, signed] = parts.map(canonicalBytes);
    if (parts.length !== 3 || !head || !body || !signed) return malformed;
    const header = jsonObject(head);
    const claims = jsonObject(body);
    if (!header || !claims) return malformed;
    // An extension that must be understood (RFC 7515 4.1.11) is not understood here.
    if ('crit' in header || typeof header.alg !== 'string' || typeof header.kid !== 'string') return malformed;

    const issuer = typeof claims.iss === 'string' ? issuers.get(claims.iss) : undefined;
    if (!issuer) return unknownIssuer;
    if (!issuer.hasKey(header.kid)) return unknownKey;
    const input = `${parts[0]}.${parts[1]}`;
    if (!issuer.verify(header.kid, header.alg, Buffer.from(input, 'latin1'), signed)) {
      invalid.set(credentials, true, now + invalidTtl);
      return badSignature;
    }

    const { exp, nbf, iat, aud, jti, sub } = claims;
    if (!isTime(exp) || !isTime(iat) || typeof sub !== 'string' || sub === '') return malformed;
    if (nbf !== undefined && !isTime(nbf)) return malformed;
    if (jti !== undefined && (typeof jti !== 'string' || jti === '')) return malformed;
    if (now >= exp * 1000) return expired;
    if (Math.max(iat, nbf ?? 0) > now / 1000 + skew) return notYet;
    const { audience } = issuer;
    if (audience !== null && !(Array.isArray(aud) ? aud.includes(audience) : aud === audience)) return wrongAudience;
    const consumerKey = text(claims.consumerKey) ?? text(claims.client_id) ?? text(claims.azp);
    if (consumerKey === undefined) return malformed;

    const scopes = new Set(scopeNames(claims.scope));
    const principal = principals.create({
      issuer: issuer.issuer,
      token: jti === undefined ? { unnamedHash: hash('sha256', input, 'base64url') } : { jti },
      subject: sub,
      consumerKey,
      userType: scopes.has(applicationScope) ? 'APPLICATION' : 'APPLICATION_USER',
      scopes,
      issuedAt: iat,
      expires: exp,
    });
    verified.set(credentials, principal, Math.min(now + verifiedTtl, exp * 1000));
    return principal;
  }
}

/** Null unless the text is the one base64url form of its bytes: a token must not have two spellings. */
function canonicalBytes(text: string): Buffer | null {
  const bytes = Buffer.from(text, 'base64url');
  return text !== '' && bytes.toString('base64url') === text ? bytes : null;
}

function jsonObject(bytes: Buffer): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(bytes.toString('utf8'));
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : null;
  } catch {
    return null;
  }
}

/** A NumericDate (RFC 7519 section 2) that arithmetic can be done with. */
function isTime(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0;
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/** Space-separated (RFC 9068), or a list, as some issuers write it. */
function scopeNames(scope: unknown): string[] {
  if (Array.isArray(scope)) return scope.filter((name) => typeof name === 'string');
  return typeof scope === 'string' ? scope.split(' ').filter((name) => name !== '') : [];
}
