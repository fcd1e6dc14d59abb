/** What gateways have to know of a key manager that is not ours, so that they believe its tokens. */
import { X509Certificate } from 'node:crypto';
import type { Issuer } from '../../../core/token.ts';
import { RestError } from '../../../platform/rest-error.ts';
import type { KeyManager } from '../../rest/definitions/admin.ts';

/**
 * The issuer that an enabled key manager stands for. Its tokens are JWTs, verified by its keys.
 * `additionalProperties.audience`, if there is one, has to be in their `aud`.
 * @throws RestError 400 when it says too little, or asks for what is not built
 */
export function issuerOf(given: KeyManager): Issuer {
  const { issuer, claimMapping = [], consumerKeyClaim, scopesClaim, additionalProperties } = given;
  refuseUnbuilt(given);
  if (!issuer) throw new RestError(400, 'body/issuer: expected the `iss` of its tokens, by which gateways know them.');
  const audience = additionalProperties?.audience;
  if (audience !== undefined && typeof audience !== 'string') {
    throw new RestError(400, 'body/additionalProperties/audience: expected text.');
  }
  const claims = claimMapping.map(({ remoteClaim, localClaim }, at) => {
    if (remoteClaim && localClaim) return { remote: remoteClaim, local: localClaim };
    throw new RestError(400, `body/claimMapping/${at}: expected remoteClaim and localClaim.`);
  });
  if (scopesClaim && scopesClaim !== 'scope') claims.push({ remote: scopesClaim, local: 'scope' });
  return {
    issuer,
    keys: [],
    audience: audience ?? null,
    foreign: true,
    ...keysOf(given.certificates),
    ...(consumerKeyClaim && { consumerKeyClaim }),
    ...(claims.length > 0 && { claims }),
  };
}

/** Whoever counts on one of these must not find out later. */
function refuseUnbuilt({ enableSelfValidationJWT, enableTokenEncryption, enableTokenHashing }: KeyManager): void {
  if (enableSelfValidationJWT === false) {
    throw new RestError(
      400,
      'body/enableSelfValidationJWT: asking another key manager about tokens is not built yet; expected true.',
    );
  }
  if (enableTokenEncryption || enableTokenHashing) {
    throw new RestError(400, 'body: enableTokenEncryption and enableTokenHashing are not built; expected false.');
  }
}

function keysOf(certificates: KeyManager['certificates']): Pick<Issuer, 'jwksUrl' | 'certificates'> {
  const { type, value = '' } = certificates ?? {};
  if (type === 'JWKS') {
    if (URL.canParse(value) && /^https:/.test(value)) return { jwksUrl: value };
    throw new RestError(400, 'body/certificates/value: expected the https URL of a key set.');
  }
  if (type === 'PEM') return { certificates: [pemOf(value)] };
  throw new RestError(400, 'body/certificates: expected the type JWKS with a URL, or PEM with a certificate.');
}

/** As it is, or in base64 once more, as clients of the original send it. */
function pemOf(value: string): string {
  const text = value.includes('-----BEGIN') ? value : Buffer.from(value, 'base64').toString('utf8');
  try {
    return new X509Certificate(text).toString();
  } catch {
    throw new RestError(400, 'body/certificates/value: expected a certificate in PEM.');
  }
}
