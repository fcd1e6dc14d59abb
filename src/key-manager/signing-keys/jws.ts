/** Signs JWTs (RFC 7515 section 3.1). Each access token needs one signature, and nothing else takes as long. */
import { constants, createPrivateKey, type SignKeyObjectInput, sign } from 'node:crypto';
import { promisify } from 'node:util';

export type JwsAlgorithm = 'RS256' | 'PS256' | 'ES256' | 'EdDSA';

export interface JwsSigner {
  /** The compact form. @param type `typ` of the header */
  sign(claims: object, type: string): Promise<string>;
}

/** Salt as long as the digest (RFC 7518 section 3.5). */
const pss = { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST };

/** The digest that is signed, how, and whether it takes so long that others would wait. */
const algorithms = {
  RS256: { digest: 'sha256', how: {}, isSlow: true },
  PS256: { digest: 'sha256', how: pss, isSlow: true },
  ES256: { digest: 'sha256', how: { dsaEncoding: 'ieee-p1363' }, isSlow: false },
  EdDSA: { digest: null, how: {}, isSlow: false },
} as const;

// With a callback it runs beside the event loop.
const signBeside = promisify<string | null, Buffer, SignKeyObjectInput, Buffer>(sign);

export function jwsSigner(algorithm: JwsAlgorithm, kid: string, privateJwk: object): JwsSigner {
  const { digest, how, isSlow } = algorithms[algorithm];
  const key = createPrivateKey({ key: privateJwk as never, format: 'jwk' });
  const options = { key, ...how };
  const headers = new Map<string, string>();
  const headerOf = (type: string): string => {
    const known = headers.get(type);
    if (known !== undefined) return known;
    const made = encode({ alg: algorithm, typ: type, kid });
    headers.set(type, made);
    return made;
  };
  return {
    async sign(claims, type) {
      const text = `${headerOf(type)}.${encode(claims)}`;
      const input = Buffer.from(text, 'latin1');
      const signature = isSlow ? await signBeside(digest, input, options) : sign(digest, input, options);
      return `${text}.${signature.toString('base64url')}`;
    },
  };
}

const encode = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
