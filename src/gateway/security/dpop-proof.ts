/** DPoP proofs (RFC 9449): that who sends a token has the key that it is bound to, for this request and for once. */
import { createPublicKey, hash } from 'node:crypto';
import { longestProofId as longestId, longestProof, proofLife } from '../../core/dpop.ts';
import { type Fault, fault, faults } from '../../core/faults.ts';
import { hasPrivatePart } from '../../core/token.ts';
import type { Fingerprinter } from '../../platform/fingerprint.ts';
import type { ServerExchange } from '../../wire/wire.ts';
import { Memo } from '../caches/memo.ts';
import type { TrustedProxies } from '../forwarding/trusted-proxies.ts';
import { type RateCounters, rateKey } from '../throttling/rate-counters.ts';
import { dpopRefusal } from './challenge.ts';
import { TrustedIssuer } from './issuers.ts';
import { canonicalBytes, jsonObject } from './jwt-verifier.ts';
import { TooManySignatures } from './slow-signatures.ts';

export interface DpopProofsOptions {
  readonly fingerprinter: Fingerprinter;
  /** Proofs that were shown, in memory that all threads share: each has a limit of one. */
  readonly shown: RateCounters;
  /** Hosts by which clients know the gateway; none = whatever a request says. */
  readonly hosts: readonly string[];
  /** Who is believed about how clients see the address; null = nobody. */
  readonly proxies: TrustedProxies | null;
}

/** Milliseconds. */
const [goodFor, ahead] = [proofLife.after * 1000, proofLife.ahead * 1000];
const once = { count: 1, windowMs: goodFor + ahead };

interface ProofKey {
  readonly alg: string;
  readonly thumbprint: string;
  readonly verifier: TrustedIssuer;
}

type Request = Pick<ServerExchange, 'header' | 'method' | 'target' | 'host' | 'secure' | 'remoteAddress'>;

const refused = (why: string): Fault =>
  dpopRefusal(faults.invalidCredentials, 'invalid_dpop_proof', `The DPoP proof ${why}.`);
const missing = refused('is missing: send it in the field `DPoP`');
const malformed = refused('is no JWT of the type dpop+jwt with its public key in the header');
const wrongKey = dpopRefusal(faults.invalidCredentials, 'invalid_token', 'The access token is bound to another key.');
const wrongMethod = refused('is for another method (htm)');
const wrongAddress = refused('is for another address (htu)');
const wrongTime = refused('is not of the last minute (iat), or not good now (nbf, exp)');
const wrongToken = refused('is for another access token (ath)');
const wrongSignature = refused('is not signed with the key in its header');
const again = refused('was used before (jti)');
const surplus = fault(faults.tooManyToVerify, undefined, [['retry-after', '1']]);

export class DpopProofs {
  readonly #options: DpopProofsOptions;
  /** A client writes the same header into all its proofs. */
  readonly #keys = new Memo<ProofKey | null>(1000, readKey);

  constructor(options: DpopProofsOptions) {
    this.#options = { ...options, hosts: options.hosts.map((host) => host.toLowerCase()) };
  }

  /**
   * A promise only if the signature takes long to verify.
   * @param jkt thumbprint of the key that has to be proved
   * @param now milliseconds since the epoch
   */
  check(
    request: Request,
    { token, jkt, now }: { readonly token: string; readonly jkt: string; readonly now: number },
  ): Fault | undefined | Promise<Fault | undefined> {
    const proof = request.header('dpop');
    if (proof === undefined) return missing;
    if (proof.length > longestProof) return malformed;
    const [header = '', encoded = '', signed = '', more] = proof.split('.');
    const key = this.#keys.get(header);
    const claims = jsonObject(canonicalBytes(encoded));
    const signature = canonicalBytes(signed);
    if (key === null || claims === null || signature === null || more !== undefined) return malformed;
    if (key.thumbprint !== jkt) return wrongKey;
    const { jti } = claims;
    if (typeof jti !== 'string' || jti === '' || jti.length > longestId) return malformed;
    const wrong = this.#checkClaims(claims, request, token, now);
    if (wrong) return wrong;

    const input = Buffer.from(`${header}.${encoded}`, 'latin1');
    const decide = (good: boolean | null): Fault | undefined => (good ? this.#take(jkt, jti, now) : wrongSignature);
    const good = key.verifier.verify({ alg: key.alg, thumbprints: [] }, input, signature);
    return good instanceof Promise ? good.then(decide).catch(refuseSurplus) : decide(good);
  }

  #checkClaims(
    { htm, htu, iat, nbf, exp, ath }: Record<string, unknown>,
    request: Request,
    token: string,
    now: number,
  ): Fault | undefined {
    if (htm !== request.method) return wrongMethod;
    if (typeof htu !== 'string' || !this.#isAddress(htu, request)) return wrongAddress;
    if (typeof iat !== 'number' || !(iat * 1000 <= now + ahead && iat * 1000 > now - goodFor)) return wrongTime;
    // It need not say them, but where it does they hold (RFC 7519 sections 4.1.4 and 4.1.5).
    if (nbf !== undefined && !(typeof nbf === 'number' && nbf * 1000 <= now + ahead)) return wrongTime;
    if (exp !== undefined && !(typeof exp === 'number' && exp * 1000 > now - ahead)) return wrongTime;
    return ath === hash('sha256', token, 'base64url') ? undefined : wrongToken;
  }

  /** Without query and fragment (section 4.3), as the client sees it. */
  #isAddress(htu: string, request: Request): boolean {
    const said = URL.parse(htu);
    const { proxies, hosts } = this.#options;
    const saidBefore = (name: string): string =>
      proxies?.trusts(request.remoteAddress) === true ? firstOf(request.header(name)) : '';
    const scheme = saidBefore('x-forwarded-proto') || (request.secure ? 'https' : 'http');
    const seen = URL.parse(`${scheme}://${saidBefore('x-forwarded-host') || request.host}${request.target}`);
    if (said === null || seen === null || said.origin !== seen.origin || said.pathname !== seen.pathname) return false;
    return hosts.length === 0 || hosts.includes(seen.host);
  }

  /** The last thing that is done: only what is good in all else takes room. */
  #take(jkt: string, jti: string, now: number): Fault | undefined {
    const { shown, fingerprinter } = this.#options;
    const before = shown.turnedAway;
    if (shown.take(rateKey(fingerprinter, 'dpop', jkt, jti), once, Math.floor(now))) return undefined;
    return shown.turnedAway > before ? surplus : again;
  }
}

const firstOf = (list: string | undefined): string => (list ?? '').split(',', 1)[0]?.trim() ?? '';

function refuseSurplus(error: unknown): Fault {
  if (error instanceof TooManySignatures) return surplus;
  throw error;
}

function readKey(encodedHeader: string): ProofKey | null {
  const { typ, alg, jwk, ...rest } = jsonObject(canonicalBytes(encodedHeader)) ?? {};
  if (typ !== 'dpop+jwt' || typeof alg !== 'string' || 'crit' in rest) return null;
  if (typeof jwk !== 'object' || jwk === null || hasPrivatePart(jwk)) return null;
  try {
    // As the runtime writes it: one key has one thumbprint, however it was sent.
    const plain = createPublicKey({ key: jwk as never, format: 'jwk' }).export({ format: 'jwk' });
    const verifier = new TrustedIssuer({ issuer: '', audience: null, keys: [{ ...plain, kid: '' } as never] });
    return verifier.hasKeys ? { alg, thumbprint: thumbprintOf({ ...plain }), verifier } : null;
  } catch {
    return null;
  }
}

/** RFC 7638 section 3: the members that make the key, in the order of their names. */
function thumbprintOf(jwk: Readonly<Record<string, unknown>>): string {
  const members = ['crv', 'e', 'kty', 'n', 'x', 'y'].filter((name) => jwk[name] !== undefined);
  return hash('sha256', JSON.stringify(Object.fromEntries(members.map((name) => [name, jwk[name]]))), 'base64url');
}
