/** Failures of a hub that mean that nobody enrolled this gateway there: they say what to do. */
import { SourceError } from './source.ts';

/** What TLS calls a certificate of an authority that isn't the one we know. */
const anotherAuthority = new Set([
  'CERT_SIGNATURE_FAILURE',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
]);

/** The error of a connection to `origin`; unless it means that, as it is. */
export function notEnrolled(error: Error & { code?: string }, origin: string): Error {
  return anotherAuthority.has(error.code ?? '') ? withAdvice(error.message, origin) : error;
}

/** The hub knows the certificate of this gateway not, or no longer; `said` is its description. */
export function refused(said: string, origin: string): SourceError {
  return withAdvice(`refused with 403: ${said.replace(/\.$/, '')}`, origin);
}

function withAdvice(reason: string, origin: string): SourceError {
  return new SourceError(`${reason}; this gateway is not enrolled there: postern enrol CODE --server-url ${origin}`);
}
