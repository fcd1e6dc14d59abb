/** Makes principals: everything about a token that can be computed once is computed here. */
import type { Fingerprinter } from '../../platform/fingerprint.ts';
import { identifyToken, type TokenIdentity } from '../revocation/token-identity.ts';
import { clientFingerprint } from '../subscriptions/subscription-table.ts';
import type { Principal } from './principal.ts';

/** What a scheme has found out about a token. */
export interface VerifiedToken {
  readonly issuer: string;
  /** The token's own identity: its `jti`, or the hash that stands for it. */
  readonly token: { readonly jti: string } | { readonly unnamedHash: string } | { readonly opaqueHash: string };
  readonly subject: string;
  readonly consumerKey: string;
  readonly userType: Principal['userType'];
  readonly scopes: ReadonlySet<string>;
  /** Seconds since the epoch. */
  readonly issuedAt: number;
  readonly expires: number;
}

export class PrincipalFactory {
  readonly #fingerprinter: Fingerprinter;

  constructor(fingerprinter: Fingerprinter) {
    this.#fingerprinter = fingerprinter;
  }

  create(verified: VerifiedToken): Principal {
    const { issuer, token, subject, consumerKey, userType, scopes, issuedAt, expires } = verified;
    const names = { issuer, sub: subject, clientId: consumerKey, iat: issuedAt, ...token };
    return {
      subject,
      consumerKey,
      userType,
      scopes,
      expires,
      identity: identifyToken(this.#fingerprinter, names),
      client: clientFingerprint(this.#fingerprinter, consumerKey),
      applicationRate: null,
      subscriptionRates: new Map(),
    };
  }

  /** The identity of an opaque token of which nothing else is known yet. */
  opaqueIdentity(opaqueHash: string): TokenIdentity {
    return identifyToken(this.#fingerprinter, { issuer: '', opaqueHash });
  }
}
