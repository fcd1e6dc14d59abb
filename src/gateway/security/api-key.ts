/** The API key scheme: a JWT of an issuer of API keys, sent by itself in a header field or query parameter. */
import type { Fault } from '../../core/faults.ts';
import type { GenerationalCache } from '../caches/generational-cache.ts';
import { claimedSubscriptions, consumerKeyOf, keyTypeOf, renameClaims } from './claims.ts';
import type { JwtVerifier, VerifiedJwt } from './jwt-verifier.ts';
import type { Principal } from './principal.ts';
import type { PrincipalFactory } from './principal-factory.ts';
import { restrictionOf } from './restriction.ts';
import type { Scheme } from './scheme.ts';

export interface ApiKeySchemeOptions {
  readonly verifier: JwtVerifier;
  readonly principals: PrincipalFactory;
  /** Verified keys. */
  readonly verified: GenerationalCache<Principal>;
  /** Milliseconds that a verified key may be remembered. */
  readonly verifiedTtl: number;
}

export class ApiKeyScheme implements Scheme {
  readonly #options: ApiKeySchemeOptions;

  constructor(options: ApiKeySchemeOptions) {
    this.#options = options;
  }

  cached(key: string, now: number): Principal | undefined {
    return this.#options.verified.get(key, now);
  }

  clear(): void {
    this.#options.verified.clear();
    this.#options.verifier.clear();
  }

  clearRefused(): void {
    this.#options.verifier.clear();
  }

  verify(key: string, now: number): Principal | Fault | Promise<Principal | Fault> {
    const outcome = this.#options.verifier.verify(key, key, now);
    return outcome instanceof Promise
      ? outcome.then((late) => this.#admit(key, late, now))
      : this.#admit(key, outcome, now);
  }

  #admit(key: string, outcome: VerifiedJwt | Fault, now: number): Principal | Fault {
    if ('kind' in outcome) return outcome;
    const { principals, verified, verifiedTtl } = this.#options;
    const { token, subject, issuedAt, expires, encodedClaims } = outcome;
    const issuer = outcome.issuer.entity;
    const claims = renameClaims(outcome.claims, issuer.claims);
    const consumerKey = issuer.consumerKeyClaim === undefined ? null : consumerKeyOf(claims, issuer);
    const { uuid } = (claims.application ?? {}) as Record<string, unknown>;
    const principal = principals.create({
      use: 'API key',
      issuer: issuer.issuer,
      foreign: issuer.foreign === true,
      token,
      subject,
      consumerKey,
      applicationId: typeof uuid === 'string' ? uuid : undefined,
      userType: 'APPLICATION',
      scopes: null,
      issuedAt,
      expires,
      keyType: keyTypeOf(claims),
      encodedClaims,
      restriction: restrictionOf(claims),
      claimed: claimedSubscriptions(claims, issuer, consumerKey ?? subject, ['subscribedAPIs', 'allowedAPIs']),
    });
    verified.set(key, principal, Math.min(now + verifiedTtl, expires * 1000));
    return principal;
  }
}
