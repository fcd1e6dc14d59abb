/** What an administrator asks to be revoked. */
import { RestError } from '../../../platform/rest-error.ts';
import { readTime, writeTime } from './read-time.ts';

/** The body of the request. */
export interface RevocationRequest {
  readonly token?: string;
  readonly user?: string;
  readonly consumerKey?: string;
  /** Seconds since the epoch, or RFC 3339. */
  readonly issuedBefore?: unknown;
  readonly issuer?: string;
  /** As `issuedBefore`. */
  readonly expires?: unknown;
}

export interface RevocationOrder {
  readonly what: 'token' | 'user' | 'consumerKey';
  /** The token, or the name. */
  readonly value: string;
  /** `iss` of the tokens meant; undefined = ours. */
  readonly issuer: string | undefined;
  /** Seconds since the epoch; undefined = now. */
  readonly issuedBefore: number | undefined;
  /** Seconds since the epoch at which the last token meant has expired, if we can't know; undefined = nothing is said. */
  readonly expires: number | undefined;
}

/** Seconds that `expires` may be ahead. */
const farthest = 366 * 86_400;
/** Characters of a token. */
const longest = 65_536;

/**
 * @param now seconds since the epoch
 * @throws RestError 400 that names the field
 */
export function readOrder(request: RevocationRequest, now: number): RevocationOrder {
  const given = (['token', 'user', 'consumerKey'] as const).filter((name) => request[name] !== undefined);
  const [what, ...more] = given;
  if (what === undefined || more.length > 0) {
    throw new RestError(400, `Expected one of token, user and consumerKey, got ${given.join(' and ') || 'none'}.`);
  }
  const value = request[what]?.trim() ?? '';
  if (value === '' || value.length > longest) {
    throw new RestError(400, `${what}: expected 1 to ${longest} characters.`);
  }
  const { issuer } = request;
  if (issuer === '') throw new RestError(400, 'issuer: expected the issuer of a key manager, or nothing.');
  return {
    what,
    value,
    issuer,
    issuedBefore: readIssuedBefore(request, what, now),
    expires: readExpires(request, now),
  };
}

function readIssuedBefore(
  { issuedBefore }: RevocationRequest,
  what: RevocationOrder['what'],
  now: number,
): number | undefined {
  if (issuedBefore === undefined) return undefined;
  if (what === 'token') throw new RestError(400, 'issuedBefore: expected only with user or consumerKey.');
  const seconds = readTime('issuedBefore', issuedBefore);
  if (seconds <= now) return seconds;
  throw new RestError(400, `issuedBefore: ${writeTime(seconds)} is in the future; expected at most ${writeTime(now)}.`);
}

function readExpires({ expires, issuer }: RevocationRequest, now: number): number | undefined {
  if (expires === undefined) return undefined;
  if (issuer === undefined) {
    throw new RestError(400, 'expires: expected only with an issuer that is not ours; of our tokens it is known.');
  }
  const seconds = readTime('expires', expires);
  if (seconds > now && seconds <= now + farthest) return seconds;
  throw new RestError(400, `expires: expected a time after ${writeTime(now)}, up to ${writeTime(now + farthest)}.`);
}
