/** Who calls? Finds the principal of the request's credentials, by the scheme that they are of, or of its certificate. */
import { type Fault, faults } from '../../core/faults.ts';
import type { Exchange } from '../exchange.ts';
import { type Accepted, accepted, describe } from '../security/accepted.ts';
import { asDpopRefusal, bearerRefusal, challenge, challengeAll, dpopRefusal } from '../security/challenge.ts';
import type { Schemes } from '../security/index.ts';
import { type CheckCertificate, noCertificate } from '../security/mutual-tls.ts';
import type { Possession } from '../security/possession.ts';
import type { Principal } from '../security/principal.ts';
import { queryParameter, tokenParameter } from '../security/query-parameters.ts';
import { dpopToken, type Scheme } from '../security/scheme.ts';
import type { Stage, StageFactory } from '../stage.ts';

const expired = bearerRefusal(faults.tokenExpired);
const malformedDpop = dpopRefusal(faults.invalidCredentials, 'invalid_token', 'The access token is malformed.');

export const authenticate: StageFactory = (resource, { api }, { schemes, mutualTls, possession, options }) => {
  if (resource.authType === 'None') return null;
  const asked = accepted(resource, api, options);
  const ways = { schemes, possession };
  if (asked.certificate !== 'none') return withCertificate(asked, ways, mutualTls.checkFor(api));
  return byCredentials(asked, ways);
};

interface Ways {
  readonly schemes: Schemes;
  readonly possession: Possession;
}

function byCredentials(asked: Accepted, ways: Ways): Stage {
  return asked.schemes.length === 1 && asked.schemes[0] === 'oauth2' ? byToken(asked, ways) : byAnyScheme(asked, ways);
}

/** A client certificate, by itself or with credentials. */
function withCertificate(asked: Accepted, ways: Ways, check: CheckCertificate): Stage {
  const byCertificate: Stage = (x) => admit(x, check(x.wire, x.now), ways.possession);
  if (asked.certificate === 'alone') return byCertificate;
  if (asked.certificate === 'instead') {
    return byAnyScheme(asked, ways, (x, refusal) => {
      const refused = byCertificate(x);
      // Who has shown none is told of everything that would do.
      return refused === noCertificate ? refusal : refused;
    });
  }
  const next =
    asked.certificate === 'besides'
      ? byCredentials(asked, ways)
      : // The principal is that of the certificate then.
        byAnyScheme(asked, ways, () => undefined);
  return (x) => byCertificate(x) ?? next(x);
}

/** What most resources want: an access token (RFC 6750 2.1) and nothing else. */
function byToken(asked: Accepted, ways: Ways): Stage {
  const { header } = asked;
  const { missing, wrongScheme } = refusals(asked);
  return (x) => {
    const credentials = x.wire.header(header) ?? tokenOfUpgrade(x);
    if (credentials === undefined || isEmpty(credentials)) return missing;
    if (isBearer(credentials)) return check(x, credentials, tokenScheme(credentials, ways.schemes), ways.possession);
    return isDpop(credentials) ? checkWithProof(x, credentials, ways) : wrongScheme;
  };
}

/**
 * Any one of several: what the header has goes first, then an API key.
 * @param otherwise decides where none of them was sent; gets the refusal that it would be
 */
function byAnyScheme(
  asked: Accepted,
  ways: Ways,
  otherwise: (x: Exchange, refusal: Fault) => ReturnType<Stage> = (_x, refusal) => refusal,
): Stage {
  const { header, apiKeys } = asked;
  const { schemes, possession } = ways;
  const { missing, wrongScheme } = refusals(asked);
  const takesTokens = asked.schemes.includes('oauth2');
  const takesUsers = asked.schemes.includes('basic_auth');

  /** Whatever is refused, the client learns of all schemes that would do. */
  const challenged = (outcome: Fault | undefined) => outcome && challengeAll(outcome, asked.schemes);
  const checkBy = (scheme: Scheme, x: Exchange, credentials: string) => {
    const outcome = check(x, credentials, scheme, possession);
    return outcome instanceof Promise ? outcome.then(challenged) : challenged(outcome);
  };
  return (x) => {
    const credentials = x.wire.header(header) ?? tokenOfUpgrade(x);
    const sent = credentials !== undefined && !isEmpty(credentials);
    if (sent && takesTokens && isBearer(credentials)) return checkBy(tokenScheme(credentials, schemes), x, credentials);
    if (sent && takesTokens && isDpop(credentials)) {
      const outcome = checkWithProof(x, credentials, ways);
      return outcome instanceof Promise ? outcome.then(challenged) : challenged(outcome);
    }
    if (sent && takesUsers && isBasic(credentials)) return checkBy(schemes.basic, x, credentials);
    for (const { in: place, name } of apiKeys) {
      const key = place === 'header' ? x.wire.header(name) : queryParameter(x.wire.target, name);
      if (key === undefined || key === '') continue;
      const outcome = checkBy(schemes.apiKey, x, key);
      return outcome instanceof Promise ? outcome.then((late) => late ?? restricted(x)) : (outcome ?? restricted(x));
    }
    return otherwise(x, sent ? wrongScheme : missing);
  };
}

/**
 * The token of a request for an upgrade may be in its query. Elsewhere it may not: addresses are logged, kept and handed on
 * (RFC 6750 5.3).
 */
function tokenOfUpgrade({ wire }: Exchange): string | undefined {
  if (wire.upgrade === null) return undefined;
  const token = queryParameter(wire.target, tokenParameter);
  return token === undefined ? undefined : `Bearer ${token}`;
}

function restricted({ principal, clientAddress, wire }: Exchange): Fault | undefined {
  return principal?.restriction?.(clientAddress, wire);
}

function refusals(asked: Accepted): { missing: Fault; wrongScheme: Fault } {
  const way = describe(asked);
  return {
    missing: challenge(faults.missingCredentials, `Send ${way}.`, asked.schemes),
    wrongScheme: challenge(
      faults.wrongScheme,
      `This API wants another authentication scheme: send ${way}.`,
      asked.schemes,
    ),
  };
}

/** A JWT is the token with dots in it. No other form of ours has any. */
function tokenScheme(credentials: string, { opaque, jwt }: Schemes): Scheme {
  return credentials.indexOf('.') === -1 ? opaque : jwt;
}

/** @param sentAsDpop the token, if it was sent with the scheme DPoP */
function check(
  x: Exchange,
  credentials: string,
  scheme: Scheme,
  possession: Possession,
  sentAsDpop: string | null = null,
): Late {
  const known = scheme.cached(credentials, x.now);
  if (known !== undefined) return admit(x, known, possession, sentAsDpop);
  const found = scheme.verify(credentials, x.now);
  return found instanceof Promise
    ? found.then((late) => admit(x, late, possession, sentAsDpop))
    : admit(x, found, possession, sentAsDpop);
}

type Late = Fault | undefined | Promise<Fault | undefined>;

/** A token that is bound to a key (RFC 9449 section 7.1): what it says is found out as of any other. */
function checkWithProof(x: Exchange, credentials: string, { schemes, possession }: Ways): Late {
  const token = dpopToken(credentials);
  if (token === null) return malformedDpop;
  const bearer = `Bearer ${token}`;
  const outcome = check(x, bearer, tokenScheme(bearer, schemes), possession, token);
  return outcome instanceof Promise
    ? outcome.then((late) => late && asDpopRefusal(late))
    : outcome && asDpopRefusal(outcome);
}

/** Also asked of a cached principal: no cache keeps a token alive beyond its own expiry. */
function admit(x: Exchange, found: Principal | Fault, possession: Possession, sentAsDpop: string | null = null): Late {
  if ('kind' in found) return found;
  if (x.now >= found.expires * 1000) return expired;
  if (found.binding !== null || sentAsDpop !== null) return admitWhoHasKeys(x, found, possession, sentAsDpop);
  x.principal = found;
  return undefined;
}

function admitWhoHasKeys(x: Exchange, found: Principal, possession: Possession, sentAsDpop: string | null): Late {
  const decide = (refused: Fault | undefined): Fault | undefined => {
    if (refused === undefined) x.principal = found;
    return refused;
  };
  const refused = possession.check(x.wire, found.binding, sentAsDpop, x.now);
  return refused instanceof Promise ? refused.then(decide) : decide(refused);
}

/** Nothing, or a scheme and nothing: white space at the end of a field is not part of its value (RFC 9110 5.5). */
function isEmpty(credentials: string): boolean {
  return credentials.length <= 6 && /^(?:bearer|basic)?$/i.test(credentials);
}

/** The scheme's name is case-insensitive (RFC 9110 11.1). */
function isBearer(credentials: string): boolean {
  return credentials.startsWith('Bearer ') || /^bearer /i.test(credentials);
}

/** RFC 9449 section 7.1. */
function isDpop(credentials: string): boolean {
  return /^dpop /i.test(credentials);
}

function isBasic(credentials: string): boolean {
  return /^basic /i.test(credentials);
}
