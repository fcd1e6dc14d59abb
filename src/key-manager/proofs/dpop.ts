/** Proofs that whoever sends a request has a key (RFC 9449): a JWT in the field `DPoP`, for this request and for once. */

import { createHash } from 'node:crypto';
import type { FastifyRequest } from 'fastify';
import { calculateJwkThumbprint, EmbeddedJWK, errors, type JWTPayload, type JWTVerifyResult, jwtVerify } from 'jose';
import { longestProofId as longestId, longestProof, proofLife } from '../../core/dpop.ts';
import { type KeyManager, seconds } from '../call.ts';
import { OAuthError } from '../oauth-error.ts';
import { tokenUrls } from '../tokens/token-urls.ts';
import { isCompact } from './compact-jws.ts';
import { jwsAlgorithms } from './jws-algorithms.ts';
import { takeOnce } from './one-time.ts';

const { after: goodFor, ahead } = proofLife;
/** Seconds for which a nonce is given out; the one before is taken as well. */
const nonceLife = 120;

export interface ProofTarget {
  /** Addresses under which the request can have been sent. */
  readonly urls: readonly string[];
  /** That the proof has to be for; absent = it comes with none. */
  readonly accessToken?: string;
}

/**
 * The thumbprint of the key (RFC 7638) that the request proves; null = it has no proof.
 * @throws OAuthError invalid_dpop_proof, use_dpop_nonce
 */
export async function readProof(km: KeyManager, request: FastifyRequest, target: ProofTarget): Promise<string | null> {
  const proof = proofOf(request);
  if (proof === null) return null;
  const { payload, protectedHeader } = await verified(km, proof);
  checkRequest(payload, request.method, target);
  const now = seconds(km.clock);
  if (typeof payload.iat !== 'number' || payload.iat > now + ahead || payload.iat <= now - goodFor) {
    throw wrong(`iat: expected one of the last ${goodFor} s`);
  }
  checkNonce(km, payload.nonce);
  const { jti, iat } = payload;
  if (typeof jti !== 'string' || jti === '' || jti.length > longestId) {
    throw wrong(`jti: expected 1 to ${longestId} characters`);
  }
  const thumbprint = await calculateJwkThumbprint(protectedHeader.jwk as object, 'sha256');
  const once = { kind: 'dpop', parts: [thumbprint, jti], expires: iat + goodFor } as const;
  if (!(await takeOnce(km, once))) throw wrong('this proof was used before');
  return thumbprint;
}

/** Addresses of another endpoint than that for tokens, here and at gateways: `https://localhost:8243/userinfo`. */
export const urlsOf = ({ options }: KeyManager, endpoint: 'userinfo'): readonly string[] =>
  tokenUrls(options)
    .filter((url) => url.endsWith('/token'))
    .map((url) => url.replace(/token$/, endpoint));

/** What a client that has to send a nonce gets; {} where none is wanted. */
export const nonceHeaders = (km: KeyManager): Readonly<Record<string, string>> =>
  km.options.requireDpopNonce ? { 'dpop-nonce': nonceAt(km, 0) } : {};

function proofOf({ raw }: FastifyRequest): string | null {
  // Nearly no request has one, and to take all of them apart costs more than to see that.
  if (raw.headers.dpop === undefined) return null;
  const values = raw.headersDistinct.dpop ?? [];
  if (values.length > 1) throw wrong('more than one field DPoP');
  const [value] = values;
  if (value !== undefined && value.length > longestProof) throw wrong('the proof is too long');
  return value ?? null;
}

async function verified(km: KeyManager, proof: string): Promise<JWTVerifyResult> {
  if (!isCompact(proof)) throw wrong('expected a JWT');
  try {
    const result = await jwtVerify(proof, EmbeddedJWK, {
      algorithms: jwsAlgorithms,
      typ: 'dpop+jwt',
      clockTolerance: ahead,
      currentDate: new Date(km.clock.now()),
    });
    // EmbeddedJWK takes public keys only.
    return result;
  } catch (error) {
    if (error instanceof errors.JWTClaimValidationFailed) throw wrong(`${error.claim}: not as expected`);
    if (error instanceof errors.JOSEError || error instanceof TypeError || isKeyError(error)) {
      throw wrong('expected a JWT of the type dpop+jwt, signed with the key in its header (jwk)');
    }
    throw error;
  }
}

/** What the runtime says of keys that are none. */
const isKeyError = (error: unknown): boolean => error instanceof DOMException;

function checkRequest(payload: JWTPayload, method: string, { urls, accessToken }: ProofTarget): void {
  if (payload.htm !== method) throw wrong(`htm: expected ${method}`);
  const asked = comparable(payload.htu);
  if (asked === null || !urls.some((url) => comparable(url) === asked))
    throw wrong('htu is no address of this endpoint');
  if (accessToken !== undefined && payload.ath !== createHash('sha256').update(accessToken).digest('base64url')) {
    throw wrong('ath is not the hash of the access token');
  }
}

/** Without query and fragment, normalized (section 4.3). */
function comparable(htu: unknown): string | null {
  const url = typeof htu === 'string' ? URL.parse(htu) : null;
  return url && `${url.origin}${url.pathname}`;
}

function checkNonce(km: KeyManager, nonce: unknown): void {
  if (!km.options.requireDpopNonce || nonce === nonceAt(km, 0) || nonce === nonceAt(km, -1)) return;
  throw new OAuthError(
    'use_dpop_nonce',
    'the proof has to have the nonce of the field DPoP-Nonce',
    400,
    nonceHeaders(km),
  );
}

/** The same at all nodes, and nothing has to be remembered of it. */
const nonceAt = ({ seal, clock }: KeyManager, offset: number): string =>
  seal.derive('dpop-nonce', String(Math.floor(seconds(clock) / nonceLife) + offset));

const wrong = (why: string): OAuthError => new OAuthError('invalid_dpop_proof', `DPoP: ${why}`);
