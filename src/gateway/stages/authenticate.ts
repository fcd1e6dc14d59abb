/** Who calls? Finds the principal of the request's bearer token (RFC 6750 2.1), by the scheme that the token is of. */
import { type Fault, faults } from '../../core/faults.ts';
import type { Exchange } from '../exchange.ts';
import { bearerRefusal, challenge } from '../security/challenge.ts';
import type { Principal } from '../security/principal.ts';
import type { StageFactory } from '../stage.ts';

const missing = challenge(faults.missingCredentials);
const wrongScheme = challenge(faults.wrongScheme);
const expired = bearerRefusal(faults.tokenExpired);

export const authenticate: StageFactory = ({ authType }, _api, { schemes }) => {
  if (authType === 'None') return null;
  return (x) => {
    const credentials = x.wire.header('authorization');
    if (credentials === undefined || isEmpty(credentials)) return missing;
    if (!isBearer(credentials)) return wrongScheme;
    // A JWT is the token with dots in it. No other form of ours has any.
    const scheme = credentials.indexOf('.') === -1 ? schemes.opaque : schemes.jwt;
    const known = scheme.cached(credentials, x.now);
    if (known !== undefined) return admit(x, known);
    const found = scheme.verify(credentials, x.now);
    return found instanceof Promise ? found.then((late) => admit(x, late)) : admit(x, found);
  };
};

/** Also asked of a cached principal: no cache keeps a token alive beyond its own expiry. */
function admit(x: Exchange, found: Principal | Fault): Fault | undefined {
  if ('kind' in found) return found;
  if (x.now >= found.expires * 1000) return expired;
  x.principal = found;
  return undefined;
}

/** Nothing, or a scheme and nothing: white space at the end of a field is not part of its value (RFC 9110 5.5). */
function isEmpty(credentials: string): boolean {
  return credentials.length <= 6 && /^(?:bearer)?$/i.test(credentials);
}

/** The scheme's name is case-insensitive (RFC 9110 11.1). */
function isBearer(credentials: string): boolean {
  return credentials.startsWith('Bearer ') || /^bearer /i.test(credentials);
}
