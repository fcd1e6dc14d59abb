/** A JWT by which an issuer that we trust speaks for a user (RFC 7523 section 3). */
import { createHash } from 'node:crypto';
import { decodeJwt, decodeProtectedHeader } from 'jose';
import { findForeignIssuer } from '../../adapters/stores/key-managers.ts';
import { type KeyManager, seconds } from '../call.ts';
import { OAuthError } from '../oauth-error.ts';
import { isCompact } from '../proofs/compact-jws.ts';
import { jwsAlgorithms } from '../proofs/jws-algorithms.ts';
import { tokenUrls } from '../tokens/token-urls.ts';
import { isSigned } from './is-signed.ts';

export interface Assertion {
  readonly issuer: string;
  /** Of the assertion, for its issuer: its `jti`, or else a hash of what is signed. */
  readonly id: string;
  readonly subject: string;
  readonly expiresAt: number;
}

/** Seconds that an assertion may live. */
const longestLife = 86_400;

/** @throws OAuthError invalid_grant that names what was wrong (RFC 7523 section 3.1) */
export async function verifyAssertion(km: KeyManager, jwt: string): Promise<Assertion> {
  const { alg, kid, typ, crit, iss } = read(jwt);
  if (!jwsAlgorithms.includes(alg)) throw refused(`alg: expected one of ${jwsAlgorithms.join(', ')}`);
  // Nor the one of RFC 7797, which no JWT may use (section 7).
  if (crit !== undefined) throw refused('crit: no extension is understood here');
  // Access tokens, log-out tokens and proofs are signed too, for something else (RFC 8725 section 3.11).
  if (typ !== undefined && !/^jwt$/i.test(typ)) throw refused('typ: expected JWT');
  // Which of them may speak for our users, and not only for clients of their own, is a decision of its own.
  const issuer = km.options.assertionIssuers.includes(iss) ? await findForeignIssuer(km.store.db, iss) : null;
  if (!issuer) throw refused('iss: no key manager that assertions are taken from');
  const keys = await km.issuerKeys.find(issuer, { alg, ...(kid !== undefined && { kid }) }).catch((error) => {
    km.log.warn({ err: error, issuer: iss }, 'the keys of an issuer of assertions can not be fetched');
    throw new OAuthError('temporarily_unavailable', 'the keys of the issuer can not be had', 503, {
      'retry-after': '30',
    });
  });
  if (!(await isSigned(jwt, alg, keys))) throw refused('no key of the issuer has signed it');
  return readClaims(km, jwt, iss);
}

interface Said {
  readonly alg: string;
  readonly kid: string | undefined;
  readonly typ: string | undefined;
  readonly crit: unknown;
  readonly iss: string;
}

function read(jwt: string): Said {
  if (!isCompact(jwt)) throw refused('expected a JWT');
  try {
    const { alg, kid, typ, crit } = decodeProtectedHeader(jwt);
    const { iss } = decodeJwt(jwt);
    return {
      alg: String(alg),
      kid: kid === undefined ? kid : String(kid),
      typ,
      crit,
      iss: typeof iss === 'string' ? iss : '',
    };
  } catch {
    throw refused('expected a JWT');
  }
}

function readClaims(km: KeyManager, jwt: string, issuer: string): Assertion {
  const { sub, aud, exp, nbf, iat, jti } = decodeJwt(jwt) as Record<string, unknown>;
  const now = seconds(km.clock);
  const audiences = Array.isArray(aud) ? aud : [aud];
  const own = [...new Set([km.options.issuer, ...tokenUrls(km.options)])];
  if (!audiences.some((one) => own.includes(one))) throw refused(`aud: expected ${own.join(' or ')}`);
  if (typeof sub !== 'string' || sub === '') throw refused('sub: expected the name of a user');
  if (typeof exp !== 'number' || exp <= now) throw refused('exp: missing or over');
  if (exp > now + longestLife) throw refused(`exp: expected at most ${longestLife} seconds from now`);
  for (const [name, time] of Object.entries({ nbf, iat })) {
    if (time === undefined) continue;
    if (typeof time !== 'number' || time > now + km.options.assertionSkew) throw refused(`${name}: not yet`);
  }
  if (jti !== undefined && (typeof jti !== 'string' || jti === '' || jti.length > 512)) {
    throw refused('jti: expected at most 512 characters');
  }
  const id =
    jti ??
    createHash('sha256')
      .update(jwt.slice(0, jwt.lastIndexOf('.')))
      .digest('base64url');
  return { issuer, id, subject: sub, expiresAt: Math.floor(exp) };
}

const refused = (why: string): OAuthError => new OAuthError('invalid_grant', `assertion: ${why}`);
