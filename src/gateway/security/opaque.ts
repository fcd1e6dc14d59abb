/** The opaque scheme: tokens that only the key manager can read, introspected there (RFC 7662) and remembered. */
import { hash } from 'node:crypto';
import type { Introspect, Introspection } from '../../adapters/key-managers/introspection.ts';
import { type Fault, fault, faults } from '../../core/faults.ts';
import { unlimited } from '../../core/policy.ts';
import type { EventLog } from '../../platform/log.ts';
import type { GenerationalCache } from '../caches/generational-cache.ts';
import type { SingleFlight } from '../caches/single-flight.ts';
import type { RevokedSetReader } from '../revocation/revoked-set.ts';
import { bindingOf } from './binding.ts';
import { bearerRefusal } from './challenge.ts';
import type { Issuers } from './issuers.ts';
import type { Principal } from './principal.ts';
import type { PrincipalFactory, VerifiedToken } from './principal-factory.ts';
import { bearerToken, type Scheme } from './scheme.ts';

export interface OpaqueSchemeOptions {
  readonly introspect: Introspect;
  readonly issuers: Issuers;
  /** Issuer of the tokens that the key manager answers for; empty = whatever it says. */
  readonly issuer: string;
  /** What subscriptions are checked by, of an issuer that isn't among `issuers`. */
  readonly subscriptions: 'data' | 'none' | 'managed';
  readonly principals: PrincipalFactory;
  readonly revoked: RevokedSetReader;
  /** Validations by the whole Authorization value. */
  readonly validated: GenerationalCache<Principal>;
  /** The refusals of tokens that the key manager doesn't know, or no longer. */
  readonly invalid: GenerationalCache<Fault>;
  /** Milliseconds, for tokens whose revocations reach this gateway. */
  readonly validatedTtl: number;
  /** Milliseconds, for those of other key managers: that one was revoked is seen when they are asked again. */
  readonly foreignTtl: number;
  readonly invalidTtl: number;
  readonly flights: SingleFlight<Introspection>;
  readonly log: EventLog;
}

type Active = Extract<Introspection, { active: true }>;

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
    const { introspect, principals, validated, invalid, flights, log } = this.#options;
    const { validatedTtl, foreignTtl, invalidTtl } = this.#options;
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
    const problem = this.#problemOf(answer);
    if (problem !== null) {
      log.warn({ issuer: answer.issuer, reason: problem }, 'the answer of an introspection can not be used');
      return fault(faults.authenticationFailure);
    }
    const meaning = this.#meaningOf(answer);
    const principal = principals.create({ use: 'access token', token: { opaqueHash }, ...meaning });
    const ttl = meaning.foreign ? foreignTtl : validatedTtl;
    validated.set(credentials, principal, Math.min(now + ttl, answer.expires * 1000));
    return principal;
  }

  #problemOf(answer: Active): string | null {
    const { issuer } = this.#options;
    if (issuer !== '' && answer.issuer !== null && answer.issuer !== issuer)
      return `expected a token of ${issuer} (keyManager.issuer)`;
    if (answer.clientId === null && this.#subscriptionsOf(answer) === 'data')
      return 'it has no client_id, by which the application is found';
    return null;
  }

  #meaningOf(answer: Active): Omit<VerifiedToken, 'use' | 'token'> {
    const { subject, clientId, userType, scope, issuedAt, expires, cnf } = answer;
    const subscriptions = this.#subscriptionsOf(answer);
    const issuer = this.#issuerOf(answer);
    return {
      issuer,
      // Only of an issuer that is known to be ours the clients are: whoever answers may not speak for another's.
      foreign: this.#options.issuers.get(issuer)?.entity.foreign ?? !this.#options.issuers.has(issuer),
      subject,
      consumerKey: clientId,
      userType,
      scopes: new Set(scope),
      issuedAt,
      expires,
      keyType: subscriptions === 'none' ? 'PRODUCTION' : null,
      encodedClaims: null,
      binding: bindingOf(cnf),
      claimed:
        subscriptions === 'data'
          ? null
          : {
              application: `caller ${clientId ?? subject}`,
              applicationTier: unlimited,
              apis: null,
              unlessManaged: subscriptions === 'managed',
            },
    };
  }

  #issuerOf(answer: Active): string {
    return answer.issuer ?? this.#options.issuer;
  }

  /** An opaque token has no claims to go by. */
  #subscriptionsOf(answer: Active): 'data' | 'none' | 'managed' {
    const known = this.#options.issuers.get(this.#issuerOf(answer));
    if (!known) return this.#options.subscriptions;
    const { subscriptions = 'data' } = known.entity;
    return subscriptions === 'claim' ? 'data' : subscriptions;
  }
}
