/** Makes principals: everything about a token that can be computed once is computed here. */
import type { AcceptedCertificate, Api } from '../../core/api.ts';
import type { KeyType } from '../../core/application.ts';
import { unlimited } from '../../core/policy.ts';
import { type Fingerprinter, fingerprintWords } from '../../platform/fingerprint.ts';
import { Memo } from '../caches/memo.ts';
import type { BasicUser } from '../fixed-configuration.ts';
import { identifyToken, TokenIdentity } from '../revocation/token-identity.ts';
import { applicationFingerprint, clientFingerprint } from '../subscriptions/subscription-table.ts';
import type { Binding } from './binding.ts';
import type { Principal, SubscribedApi, TokenUse } from './principal.ts';
import type { Restriction } from './restriction.ts';

/** What a scheme has found out about a token. */
export interface VerifiedToken {
  readonly use: TokenUse;
  readonly issuer: string;
  /** The issuer is a key manager that isn't ours: its consumer keys are its own. */
  readonly foreign: boolean;
  /** The token's own identity: its `jti`, or the hash that stands for it. */
  readonly token: { readonly jti: string } | { readonly unnamedHash: string } | { readonly opaqueHash: string };
  readonly subject: string;
  readonly consumerKey: string | null;
  /** Id of our application that the token is of, if it names that and no consumer key. */
  readonly applicationId?: string | undefined;
  readonly userType: Principal['userType'];
  readonly scopes: ReadonlySet<string> | null;
  /** Seconds since the epoch. */
  readonly issuedAt: number;
  readonly expires: number;
  /** null = that of the consumer key. */
  readonly keyType: KeyType | null;
  /** The second part of a signed token; null = it has no such form. */
  readonly encodedClaims: string | null;
  /** Absent = none. */
  readonly binding?: Binding | null;
  readonly restriction?: Restriction | null;
  /** What the token says about its application and subscriptions; null = the gateway's data decides. */
  readonly claimed: ClaimedSubscriptions | null;
}

export interface ClaimedSubscriptions {
  /** What tells the application from others of the issuer. */
  readonly application: string;
  readonly applicationTier: string;
  /** null = nobody asks. */
  readonly apis: readonly SubscribedApi[] | null;
  readonly unlessManaged: boolean;
}

/** Whom mutual TLS lets in. */
export interface CertifiedClient {
  readonly api: Api;
  readonly accepted: AcceptedCertificate;
  readonly subject: string;
  /** Seconds since the epoch. */
  readonly expires: number;
}

/** Somebody whom no token names. */
interface WithoutToken extends Pick<Principal, 'subject' | 'userType' | 'scopes' | 'expires'> {
  /** What stands for the application in limits. */
  readonly limitedAs: readonly string[];
  /** Those that it is subscribed to; null = nobody asks. */
  readonly apis: readonly SubscribedApi[] | null;
}

export class PrincipalFactory {
  readonly #fingerprinter: Fingerprinter;
  /** By consumer key, of our own issuers. */
  readonly #clients: Memo<Uint32Array>;

  constructor(fingerprinter: Fingerprinter) {
    this.#fingerprinter = fingerprinter;
    this.#clients = new Memo(1000, (consumerKey) => clientFingerprint(fingerprinter, consumerKey));
  }

  create(verified: VerifiedToken): Principal {
    const { issuer, foreign, token, subject, consumerKey, applicationId, issuedAt, claimed } = verified;
    const { use, userType, scopes, expires, keyType, encodedClaims, binding = null, restriction = null } = verified;
    const names = { issuer, sub: subject, clientId: consumerKey ?? undefined, iat: issuedAt, ...token };
    return {
      use,
      subject,
      consumerKey,
      userType,
      scopes,
      expires,
      keyType,
      encodedClaims,
      binding,
      restriction,
      identity: identifyToken(this.#fingerprinter, names),
      client: this.#client(foreign ? issuer : undefined, consumerKey, foreign ? undefined : applicationId),
      claimed: claimed && { ...claimed, application: this.#number(issuer, claimed.application) },
      applicationRate: null,
      subscriptionRates: null,
    };
  }

  /** A configured user: never revoked, never over, subscribed to nothing and limited by himself. */
  createUser({ name, scopes }: BasicUser): Principal {
    return this.#withoutToken({
      subject: name,
      userType: 'APPLICATION_USER',
      scopes: new Set(scopes),
      expires: Number.POSITIVE_INFINITY,
      limitedAs: ['user', name],
      apis: null,
    });
  }

  /**
   * A client with a certificate: subscribed to the API that accepts it, with the tier that was given with what it was
   * accepted by. All that are accepted by one authority share it.
   */
  createClient({ api, accepted, subject, expires }: CertifiedClient): Principal {
    return this.#withoutToken({
      subject,
      userType: 'APPLICATION',
      scopes: null,
      expires,
      limitedAs: ['certificate', accepted.fingerprint],
      apis: [{ name: api.name, version: api.version, tier: accepted.tier }],
    });
  }

  #withoutToken({ limitedAs, apis, ...who }: WithoutToken): Principal {
    return {
      ...who,
      use: null,
      consumerKey: null,
      keyType: 'PRODUCTION',
      encodedClaims: null,
      binding: null,
      restriction: null,
      identity: new TokenIdentity(0),
      client: noClient,
      claimed: { application: this.#number('', ...limitedAs), applicationTier: unlimited, apis, unlessManaged: false },
      applicationRate: null,
      subscriptionRates: null,
    };
  }

  /** The identity of an opaque token of which nothing else is known yet. */
  opaqueIdentity(opaqueHash: string): TokenIdentity {
    return identifyToken(this.#fingerprinter, { issuer: '', opaqueHash });
  }

  #client(issuer: string | undefined, consumerKey: string | null, applicationId: string | undefined): Uint32Array {
    if (consumerKey !== null && issuer === undefined) return this.#clients.get(consumerKey);
    if (consumerKey !== null) return clientFingerprint(this.#fingerprinter, consumerKey, issuer);
    return applicationId === undefined ? noClient : applicationFingerprint(this.#fingerprinter, applicationId);
  }

  /** 52 bits of a fingerprint, above the numbers of the applications that the control plane knows. */
  #number(...parts: readonly string[]): number {
    const words = new Uint32Array(fingerprintWords);
    this.#fingerprinter.write(words, 0, claimedKind, ...parts);
    return 2 ** 52 + ((words[0] as number) >>> 12) * 2 ** 32 + (words[1] as number);
  }
}

/** Kind of fingerprint of an application that only a token knows; others have others. */
const claimedKind = 8;

/** All zeros, which no consumer key has. */
const noClient = new Uint32Array(fingerprintWords);
