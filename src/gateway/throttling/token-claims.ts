/** The claims of a caller's token, for the few limits that depend on them. */
import type { Principal } from '../security/principal.ts';

const known = new WeakMap<Principal, Readonly<Record<string, unknown>>>();

/** What the verified token says; of an opaque token, what is known of it. Read once per principal. */
export function claimsOf(principal: Principal): Readonly<Record<string, unknown>> {
  let claims = known.get(principal);
  if (!claims) known.set(principal, (claims = read(principal)));
  return claims;
}

function read({ subject, consumerKey, scopes, encodedClaims }: Principal): Readonly<Record<string, unknown>> {
  if (encodedClaims !== null) return JSON.parse(Buffer.from(encodedClaims, 'base64url').toString('utf8'));
  return { sub: subject, client_id: consumerKey, scope: scopes && [...scopes].join(' ') };
}
