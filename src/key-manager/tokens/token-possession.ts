/** Whoever shows an access token that is bound to a key has the key (RFC 9449 section 7). */
import type { FastifyRequest } from 'fastify';
import type { KeyManager } from '../call.ts';
import { clientCertificateOf, thumbprintOf } from '../clients/client-certificate.ts';
import { OAuthError } from '../oauth-error.ts';
import { readProof, urlsOf } from '../proofs/dpop.ts';
import { jwsAlgorithms } from '../proofs/jws-algorithms.ts';
import type { Introspection } from './introspection.ts';

interface Shown {
  readonly token: string;
  readonly found: Introspection;
  /** Of the Authorization field. */
  readonly scheme: string;
}

/** @throws OAuthError 401 with a challenge of DPoP */
export async function checkPossession(
  km: KeyManager,
  request: FastifyRequest,
  { token, found, scheme }: Shown,
): Promise<void> {
  const { jkt, 'x5t#S256': certificate } = found.cnf ?? {};
  if (certificate !== undefined) {
    const shown = clientCertificateOf(km, request);
    if (!shown || thumbprintOf(shown) !== certificate) {
      const why = 'the access token is bound to a client certificate, which was not shown';
      const challenge = `Bearer error="invalid_token", error_description="${why}"`;
      throw new OAuthError('invalid_token', why, 401, { 'www-authenticate': challenge });
    }
  }
  const isDpop = scheme.toLowerCase() === 'dpop';
  if (jkt === undefined && !isDpop) return;
  if (jkt === undefined) throw refusal(new OAuthError('invalid_token', 'the access token is not bound to a key'));
  if (!isDpop) throw refusal(new OAuthError('invalid_token', 'the access token has to be sent with the scheme DPoP'));
  const target = { urls: urlsOf(km, 'userinfo'), accessToken: token };
  const proved = await readProof(km, request, target).catch((error) => {
    throw error instanceof OAuthError ? refusal(error) : error;
  });
  if (proved === null) throw refusal(new OAuthError('invalid_dpop_proof', 'the proof is missing: field DPoP'));
  if (proved !== jkt) throw refusal(new OAuthError('invalid_token', 'the access token is bound to another key'));
}

/** Section 7.1. */
function refusal({ code, message, headers }: OAuthError): OAuthError {
  const challenge = `DPoP error="${code}", error_description="${message}", algs="${jwsAlgorithms.join(' ')}"`;
  return new OAuthError(code, message, 401, { ...headers, 'www-authenticate': challenge });
}
