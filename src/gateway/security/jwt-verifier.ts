/** Verifies signed tokens (RFC 7519) of the trusted issuers, whatever they are used for. */
import { hash } from 'node:crypto';
import { type Fault, type FaultKind, fault, faults } from '../../core/faults.ts';
import { apiKeyType } from '../../core/token.ts';
import type { GenerationalCache } from '../caches/generational-cache.ts';
import { Memo } from '../caches/memo.ts';
import { SingleFlight } from '../caches/single-flight.ts';
import type { KeyRenewal } from '../data-plane/messages.ts';
import { bearerRefusal } from './challenge.ts';
import type { Issuers, SignatureHeader, TrustedIssuer } from './issuers.ts';
import type { TokenUse } from './principal.ts';
import { TooManySignatures } from './slow-signatures.ts';

export interface JwtVerifierOptions {
  readonly issuers: Issuers;
  /** Tokens with a wrong signature, so that repeating one costs no verification. */
  readonly invalid: GenerationalCache<true>;
  /** Milliseconds that such a token is remembered. */
  readonly invalidTtl: number;
  /** Seconds that `nbf` and `iat` may lie ahead of this clock. `exp` is never stretched. */
  readonly skew: number;
  /** API keys may live for ever, and say how to send them in other words. */
  readonly use: TokenUse;
  /** Has the keys that an issuer publishes looked for once more. The map of issuers has them when it resolves. */
  readonly renewKeys: (issuer: string) => Promise<KeyRenewal>;
}

export interface VerifiedJwt {
  readonly issuer: TrustedIssuer;
  /** All claims, with `exp`, `nbf`, `iat`, `jti` and `sub` checked. */
  readonly claims: Readonly<Record<string, unknown>>;
  /** The part of the token that they stand in. */
  readonly encodedClaims: string;
  readonly token: { readonly jti: string } | { readonly unnamedHash: string };
  readonly subject: string;
  /** Seconds since the epoch; 0 = the token doesn't say. */
  readonly issuedAt: number;
  /** Seconds since the epoch; Infinity for an API key without expiry. */
  readonly expires: number;
}

/** What was signed with a key of its issuer. */
interface Signed {
  readonly issuer: TrustedIssuer;
  readonly claims: Readonly<Record<string, unknown>>;
  readonly encodedClaims: string;
  /** What the signature is over. */
  readonly input: Buffer;
  readonly now: number;
}

/** A promise only if it takes long. */
type Late<T> = T | Promise<T>;

export class JwtVerifier {
  /** Tokens whose signatures are being verified: whoever sends one meanwhile waits for the same outcome. */
  readonly #flights = new SingleFlight<VerifiedJwt | Fault>();
  readonly #options: JwtVerifierOptions;
  readonly #refusals: ReturnType<typeof refusals>;
  /** An issuer writes the same into the headers of all its tokens. */
  readonly #headers = new Memo(100, (text) => signatureHeader(jsonObject(canonicalBytes(text))));

  constructor(options: JwtVerifierOptions) {
    this.#options = options;
    this.#refusals = refusals(options.use);
  }

  /** Forgets which signatures were wrong: there are other keys. */
  clear(): void {
    this.#options.invalid.clear();
  }

  get malformed(): Fault {
    return this.#refusals.malformed;
  }

  /**
   * A promise only if the signature takes long to verify or the issuer's keys have to be fetched.
   * @param credentials what the token came in, and what is remembered of it is found by. The caches of verified tokens
   * have looked it up already: for each long text that V8 looks up in a map for the first time it makes a copy, which
   * stays until the next great garbage collection.
   * @param now milliseconds since the epoch
   */
  verify(token: string, credentials: string, now: number): VerifiedJwt | Fault | Promise<VerifiedJwt | Fault> {
    const { issuers, invalid, use } = this.#options;
    const { malformed, badSignature, unknownIssuer, otherUse } = this.#refusals;
    const underWay = this.#flights.get(credentials);
    if (underWay) return underWay;
    if (invalid.get(credentials, now)) return badSignature;
    const headerEnd = token.indexOf('.');
    const inputEnd = token.indexOf('.', headerEnd + 1);
    if (headerEnd === -1 || inputEnd === -1) return malformed;
    const header = this.#headers.get(token.slice(0, headerEnd));
    const encodedClaims = token.slice(headerEnd + 1, inputEnd);
    const claims = jsonObject(canonicalBytes(encodedClaims));
    // Also null if there is a third dot.
    const signature = canonicalBytes(token.slice(inputEnd + 1));
    if (!header || !claims || !signature) return malformed;
    if (use === 'access token' && header.typ?.toLowerCase() === apiKeyType) return otherUse;

    const input = Buffer.from(token.slice(0, inputEnd), 'latin1');
    const check = (): Late<VerifiedJwt | Fault | null> => {
      const issuer = typeof claims.iss === 'string' ? issuers.get(claims.iss) : undefined;
      // An issuer of API keys issues no access tokens, and no other issues API keys.
      if (!issuer || (issuer.entity.apiKeys === true) !== (use === 'API key')) return unknownIssuer;
      const decide = (good: boolean | null): VerifiedJwt | Fault | null => {
        if (good === null) return null;
        if (good) return this.#checkClaims({ issuer, claims, encodedClaims, input, now });
        invalid.set(credentials, true, now + this.#options.invalidTtl);
        return badSignature;
      };
      const good = issuer.verify(header, input, signature);
      if (!(good instanceof Promise)) return decide(good);
      // Its keys may have been withdrawn meanwhile, and with them what was verified by them.
      return good.then((late) => (issuers.get(issuer.entity.issuer) === issuer ? decide(late) : check()));
    };

    const outcome = check();
    if (outcome instanceof Promise) {
      const whole = async () => (await outcome) ?? this.#retry(credentials, claims, check, now);
      return this.#flights.run(credentials, () => whole().catch(refuseSurplus));
    }
    return outcome ?? this.#retry(credentials, claims, check, now);
  }

  /** The key isn't known. It is looked for once more, where the issuer publishes its keys. */
  #retry(
    credentials: string,
    claims: Record<string, unknown>,
    check: () => Late<VerifiedJwt | Fault | null>,
    now: number,
  ): Fault | Promise<VerifiedJwt | Fault> {
    const { issuers, invalid, invalidTtl, renewKeys } = this.#options;
    const { unknownIssuer, unknownKey } = this.#refusals;
    const entity = issuers.get(claims.iss as string)?.entity;
    if (!entity) return unknownIssuer;
    if (entity.jwksUrl === undefined) {
      invalid.set(credentials, true, now + invalidTtl);
      return unknownKey;
    }
    // Not remembered: the key may be published a moment later.
    return renewKeys(entity.issuer).then(async (renewal) => {
      const late = await check();
      if (late !== null || renewal === 'renewed') return late ?? unknownKey;
      if (renewal === 'failed') return fault(faults.authenticationFailure);
      return fault(faults.keyNotKnownYet, undefined, [['retry-after', String(renewal.retryAfter)]]);
    });
  }

  #checkClaims({ issuer, claims, encodedClaims, input, now }: Signed): VerifiedJwt | Fault {
    const { skew, use } = this.#options;
    const { malformed, expired, notYet, wrongAudience } = this.#refusals;
    const { exp, nbf, iat, aud, jti, sub } = claims;
    if (use === 'API key' ? exp !== undefined && !isTime(exp) : !isTime(exp)) return malformed;
    if (typeof sub !== 'string' || sub === '') return malformed;
    if ((nbf !== undefined && !isTime(nbf)) || (iat !== undefined && !isTime(iat))) return malformed;
    if (jti !== undefined && (typeof jti !== 'string' || jti === '')) return malformed;
    const expires = isTime(exp) ? exp : Number.POSITIVE_INFINITY;
    const issuedAt = iat ?? 0;
    if (now >= expires * 1000) return expired;
    if (Math.max(issuedAt, nbf ?? 0) > now / 1000 + skew) return notYet;
    const { audience } = issuer.entity;
    if (audience !== null && !(Array.isArray(aud) ? aud.includes(audience) : aud === audience)) return wrongAudience;
    const token = jti === undefined ? { unnamedHash: hash('sha256', input, 'base64url') } : { jti };
    return { issuer, claims, encodedClaims, token, subject: sub, issuedAt, expires };
  }
}

const surplus = fault(faults.tooManyToVerify, undefined, [['retry-after', '1']]);

function refuseSurplus(error: unknown): Fault {
  if (error instanceof TooManySignatures) return surplus;
  throw error;
}

function refusals(use: TokenUse) {
  const refusal = (kind: FaultKind, why?: string): Fault =>
    use === 'access token' ? bearerRefusal(kind, why) : fault(kind, why);
  const invalid = (why: string): Fault => refusal(faults.invalidCredentials, why);
  return {
    malformed: invalid(`The ${use} is malformed.`),
    badSignature: invalid(`The signature of the ${use} is not valid.`),
    unknownIssuer: invalid(`The ${use} was not issued by a trusted issuer.`),
    unknownKey: invalid(`The ${use} was signed with an unknown key.`),
    otherUse: invalid('This is an API key, and no access token.'),
    wrongAudience: invalid(`The ${use} is meant for somebody else.`),
    notYet: invalid(`The ${use} is not valid yet.`),
    expired: refusal(faults.tokenExpired),
  };
}

/** Null unless the text is the one base64url form of its bytes: a token must not have two spellings. */
export function canonicalBytes(text: string): Buffer | null {
  const bytes = Buffer.from(text, 'base64url');
  return text !== '' && bytes.toString('base64url') === text ? bytes : null;
}

export function jsonObject(bytes: Buffer | null): Record<string, unknown> | null {
  if (bytes === null) return null;
  try {
    const value: unknown = JSON.parse(bytes.toString('utf8'));
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : null;
  } catch {
    return null;
  }
}

function signatureHeader(header: Record<string, unknown> | null): SignatureHeader | null {
  // An extension that must be understood (RFC 7515 4.1.11) is not understood here.
  if (!header || 'crit' in header || typeof header.alg !== 'string') return null;
  const { alg, kid, typ } = header;
  if (kid !== undefined && typeof kid !== 'string') return null;
  if (typ !== undefined && typeof typ !== 'string') return null;
  const thumbprints = [header.x5t, header['x5t#S256']].filter((one) => typeof one === 'string');
  return { alg, kid, typ, thumbprints };
}

/** A NumericDate (RFC 7519 section 2) that arithmetic can be done with. */
function isTime(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0;
}
