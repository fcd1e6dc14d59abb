/** The opaque scheme: tokens that only the key manager can read, introspected there (RFC 7662) and remembered. */
import { hash } from 'node:crypto';
import type { Introspect, Introspection } from '../../adapters/key-managers/introspection.ts';
import { type Fault, fault, faults } from '../../core/faults.ts';
import type { EventLog } from '../../platform/log.ts';
import type { GenerationalCache } from '../caches/generational-cache.ts';
import type { SingleFlight } from '../caches/single-flight.ts';
import type { RevokedSetReader } from '../revocation/revoked-set.ts';
import { bearerRefusal } from './challenge.ts';
import type { Principal } from './principal.ts';
import type { PrincipalFactory } from './principal-factory.ts';
import { bearerToken, type Scheme } from './scheme.ts';

export interface OpaqueSchemeOptions {
  readonly introspect: Introspect;
  readonly principals: PrincipalFactory;
  readonly revoked: RevokedSetReader;
  /** Validations by the whole Authorization value. */
  readonly validated: GenerationalCache<Principal>;
  /** The refusals of tokens that the key manager doesn't know, or no longer. */
  readonly invalid: GenerationalCache<Fault>;
  /** Milliseconds. */
  readonly validatedTtl: number;
  readonly invalidTtl: number;
  readonly flights: SingleFlight<Introspection>;
  readonly log: EventLog;
}

const malformed = bearerRefusal(faults.invalidCredentials, 'The access token is malformed.');
const unknown = bearerRefusal(faults.invalidCredentials);
const expired = bearerRefusal(faults.tokenExpired);

export class OpaqueScheme implements Scheme {
  readonly #options: OpaqueSchemeOptions;

  constructor(options: OpaqueSchemeOptions) {
    this.#options = options;
  }

  cached(credentials: string, now: number): Principal | undefined {
    return this.#options.validated.get(credentials, now);
  }

  clear(): void {
    this.#options.validated.clear();
    this.#options.invalid.clear();
  }

  verify(credentials: string, now: number): Principal | Fault | Promise<Principal | Fault> {
    const { principals, revoked, invalid } = this.#options;
    const token = bearerToken(credentials);
    if (token === null) return malformed;
    const opaqueHash = hash('sha256', token, 'base64url');
    // What is known to be revoked stays so when the key manager can't be asked.
    if (revoked.isRevoked(principals.opaqueIdentity(opaqueHash))) return unknown;
    return invalid.get(credentials, now) ?? this.#introspect(credentials, token, opaqueHash, now);
  }

  async #introspect(credentials: string, token: string, opaqueHash: string, now: number): Promise<Principal | Fault> {
    const { introspect, principals, validated, invalid, validatedTtl, invalidTtl, flights, log } = this.#options;
    let answer: Introspection;
    try {
      answer = await flights.run(opaqueHash, () => introspect(token));
    } catch (error) {
      log.warn({ err: error }, 'introspection failed');
      return fault(faults.authenticationFailure);
    }
    if (!answer.active) {
      const refusal = answer.expired ? expired : unknown;
      invalid.set(credentials, refusal, now + invalidTtl);
      return refusal;
    }
    const principal = principals.create({
      issuer: answer.issuer,
      token: { opaqueHash },
      subject: answer.subject,
      consumerKey: answer.clientId,
      userType: answer.userType,
      scopes: new Set(answer.scope),
      issuedAt: answer.issuedAt,
      expires: answer.expires,
    });
    validated.set(credentials, principal, Math.min(now + validatedTtl, answer.expires * 1000));
    return principal;
  }
}
