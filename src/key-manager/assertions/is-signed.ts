/** Whether one of these keys has signed a JWT. */
import { compactVerify, errors, importJWK, type JWK } from 'jose';

/** Keys that are tried at most. */
const most = 10;

/** @param keys each has its own algorithm, or is of a kind that fits only one family of them */
export async function isSigned(jwt: string, alg: string, keys: readonly JWK[]): Promise<boolean> {
  for (const jwk of keys.slice(0, most)) {
    try {
      await compactVerify(jwt, await importJWK(jwk, alg), { algorithms: [alg] });
      return true;
    } catch (error) {
      // Not this one, or one that is too weak or of another kind.
      const known = error instanceof errors.JOSEError || error instanceof TypeError || error instanceof DOMException;
      if (!known) throw error;
    }
  }
  return false;
}
