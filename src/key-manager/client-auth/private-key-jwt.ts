/** A client signs that it is who it says, for this key manager and for once (RFC 7523 sections 2.2 and 3; OpenID Connect Core section 9). */

import { decodeJwt, errors, type JWTPayload, jwtVerify } from 'jose';
import type { ClientRow } from '../../adapters/stores/clients.ts';
import { type KeyManager, seconds } from '../call.ts';
import { clientKeys, KeysUnavailable } from '../clients/client-keys.ts';
import { OAuthError } from '../oauth-error.ts';
import { isCompact } from '../proofs/compact-jws.ts';
import { jwsAlgorithms } from '../proofs/jws-algorithms.ts';
import { takeOnce } from '../proofs/one-time.ts';
import { tokenUrls } from '../tokens/token-urls.ts';
import type { ClientAuthentication } from './client-authentication.ts';

const assertionType = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';

/** Seconds that `exp` may lie ahead: until then each `jti` is remembered. */
const longestLife = 600;
/** Seconds that the client's clock may be wrong. */
const tolerance = 30;
const longestId = 512;

export const privateKeyJwt: ClientAuthentication = {
  method: 'private_key_jwt',
  read({ form }) {
    const assertion = form.get('client_assertion');
    if (assertion === null && form.get('client_assertion_type') === null) return null;
    // Whose it is decides by which keys it is verified; that it is true is seen then.
    const id =
      (assertion !== null && form.get('client_assertion_type') === assertionType && subjectOf(assertion)) || '';
    return {
      method: 'private_key_jwt',
      id,
      verify: (client, km) => id !== '' && assertion !== null && verify(km, client, assertion),
    };
  },
};

function subjectOf(assertion: string): string | undefined {
  try {
    const sub: unknown = isCompact(assertion) ? decodeJwt(assertion).sub : undefined;
    return typeof sub === 'string' ? sub : undefined;
  } catch {
    return undefined;
  }
}

async function verify(km: KeyManager, client: ClientRow, assertion: string): Promise<true> {
  const { exp, iat, jti } = await verified(km, client, assertion);
  const now = seconds(km.clock);
  const expires = exp as number;
  if (expires > now + longestLife + tolerance) throw wrong(`exp: expected at most ${longestLife} s from now`);
  if (iat !== undefined && iat > now + tolerance) throw wrong('iat lies in the future');
  if (typeof jti !== 'string' || jti === '' || jti.length > longestId) {
    throw wrong(`jti: expected 1 to ${longestId} characters`);
  }
  const proof = {
    kind: 'client-assertion',
    parts: [client.consumer_key, jti],
    expires: expires + tolerance,
  } as const;
  if (!(await takeOnce(km, proof))) throw wrong('this jti was used before');
  return true;
}

async function verified(km: KeyManager, client: ClientRow, assertion: string): Promise<JWTPayload> {
  try {
    const { payload, protectedHeader } = await jwtVerify(assertion, clientKeys(km, client), {
      algorithms: jwsAlgorithms,
      issuer: client.consumer_key,
      subject: client.consumer_key,
      audience: audiencesOf(km),
      requiredClaims: ['exp', 'jti'],
      clockTolerance: tolerance,
      currentDate: new Date(km.clock.now()),
    });
    if (!types.includes(protectedHeader.typ?.toLowerCase())) throw wrong('typ: another kind of JWT');
    return payload;
  } catch (error) {
    if (error instanceof KeysUnavailable) throw wrong(`the keys of the client can not be had from ${error.message}`);
    if (error instanceof errors.JWTClaimValidationFailed) throw wrong(`${error.claim}: not as expected`);
    if (error instanceof errors.JWTExpired) throw wrong('it has expired');
    if (error instanceof errors.JOSEError || error instanceof TypeError)
      throw wrong('no key of the client has signed it');
    throw error;
  }
}

/** What signs for another purpose with the same key says so (RFC 8725 section 3.11). */
const types: readonly (string | undefined)[] = [undefined, 'jwt', 'client-authentication+jwt'];

/** The names by which clients call this key manager (RFC 7523 section 3; RFC 9126 section 2). */
const audiencesOf = ({ options }: KeyManager): string[] => [
  options.issuer,
  ...tokenUrls(options),
  `${options.publicUrl}/oauth2/par`,
];

const wrong = (why: string): OAuthError => new OAuthError('invalid_client', `client_assertion: ${why}`, 401);
