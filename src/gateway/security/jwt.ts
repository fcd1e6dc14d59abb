/** The JWT scheme: signed access tokens, verified here and remembered until they expire. */
import type { Fault } from '../../core/faults.ts';
import { applicationScope } from '../../core/token.ts';
import type { GenerationalCache } from '../caches/generational-cache.ts';
import { bindingOf } from './binding.ts';
import { claimedSubscriptions, consumerKeyOf, keyTypeOf, renameClaims, scopesOf } from './claims.ts';
import type { JwtVerifier, VerifiedJwt } from './jwt-verifier.ts';
import type { Principal } from './principal.ts';
import type { PrincipalFactory } from './principal-factory.ts';
import { bearerToken, type Scheme } from './scheme.ts';

export interface JwtSchemeOptions {
  readonly verifier: JwtVerifier;
  readonly principals: PrincipalFactory;
  /** Verified tokens by the whole value of their field: comparing it proves every byte of the token. */
  readonly verified: GenerationalCache<Principal>;
  /** Milliseconds that a verified token may be remembered. */
  readonly verifiedTtl: number;
}

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
    this.#options.verifier.clear();
  }

  clearRefused(): void {
    this.#options.verifier.clear();
  }

  verify(credentials: string, now: number): Principal | Fault | Promise<Principal | Fault> {
    const { verifier } = this.#options;
    const token = bearerToken(credentials);
    if (token === null) return verifier.malformed;
    const outcome = verifier.verify(token, credentials, now);
    return outcome instanceof Promise
      ? outcome.then((late) => this.#admit(credentials, late, now))
      : this.#admit(credentials, outcome, now);
  }

  #admit(credentials: string, outcome: VerifiedJwt | Fault, now: number): Principal | Fault {
    if ('kind' in outcome) return outcome;
    const { verifier, principals, verified, verifiedTtl } = this.#options;
    const { token, subject, issuedAt, expires, encodedClaims } = outcome;
    const issuer = outcome.issuer.entity;
    const claims = renameClaims(outcome.claims, issuer.claims);
    const consumerKey = consumerKeyOf(claims, issuer);
    const claimed = claimedSubscriptions(claims, issuer, consumerKey ?? subject, ['subscribedAPIs']);
    // Without a consumer key the gateway's data can't know whose it is.
    if (consumerKey === null && claimed === null) return verifier.malformed;
    const scopes = scopesOf(claims);
    const principal = principals.create({
      use: 'access token',
      issuer: issuer.issuer,
      foreign: issuer.foreign === true,
      token,
      subject,
      consumerKey,
      userType: scopes.has(applicationScope) ? 'APPLICATION' : 'APPLICATION_USER',
      scopes,
      issuedAt,
      expires,
      keyType: claimed && keyTypeOf(claims),
      encodedClaims,
      // Whatever the issuer calls its claims.
      binding: bindingOf(outcome.claims.cnf),
      claimed,
    });
    verified.set(credentials, principal, Math.min(now + verifiedTtl, expires * 1000));
    return principal;
  }
}
