/** The certificates with which an identity provider's signatures are verified. */
import { X509Certificate } from 'node:crypto';
import { RestError } from '../../../platform/rest-error.ts';

const most = 10;
const leastRsaBits = 2048;
const curves: readonly unknown[] = ['prime256v1', 'secp384r1', 'secp521r1'];

/**
 * @param given PEM, or base64 of DER
 * @returns PEM, each once
 * @throws RestError 400
 */
export function readCertificates(given: readonly string[]): string[] {
  if (given.length === 0 || given.length > most) {
    throw new RestError(400, `body/certificates: expected 1 to ${most} certificates.`);
  }
  return [...new Set(given.map((text, at) => readOne(text, `body/certificates/${at}`)))];
}

/** How long it is valid does not matter: it is a key in a wrapping, trusted because an administrator says so. */
function readOne(text: string, place: string): string {
  let certificate: X509Certificate;
  try {
    certificate = new X509Certificate(text.includes('-----BEGIN') ? text : Buffer.from(text, 'base64'));
  } catch {
    throw new RestError(400, `${place}: expected an X.509 certificate, as PEM or base64 of DER.`);
  }
  const { asymmetricKeyType, asymmetricKeyDetails = {} } = certificate.publicKey;
  const { modulusLength = 0, namedCurve } = asymmetricKeyDetails;
  const isStrong =
    asymmetricKeyType === 'ec'
      ? curves.includes(namedCurve)
      : asymmetricKeyType === 'rsa' && modulusLength >= leastRsaBits;
  if (!isStrong) {
    throw new RestError(
      400,
      `${place}: expected a key of RSA with ${leastRsaBits} bits or more, or on P-256, P-384 or P-521.`,
    );
  }
  return certificate.toString();
}
