/** Refusals with their `WWW-Authenticate` challenge (RFC 6750 section 3, RFC 7617 section 2). */
import type { SchemeName } from '../../core/api.ts';
import { type Fault, type FaultKind, fault, faults } from '../../core/faults.ts';

const realm = 'realm="Postern"';

/** What each scheme's challenge looks like when there is nothing wrong but that credentials are missing. */
const challenges: Readonly<Record<SchemeName, string>> = {
  oauth2: `Bearer ${realm}`,
  basic_auth: `Basic ${realm}, charset="UTF-8"`,
  api_key: `ApiKey ${realm}`,
};

/** A token was sent and is no good: `error="invalid_token"`. */
export function bearerRefusal(kind: FaultKind, description: string = kind.description): Fault {
  return fault(kind, description, [
    ['www-authenticate', `Bearer ${realm}, error="invalid_token", error_description="${quotable(description)}"`],
  ]);
}

/** Those by which proofs may be signed (RFC 9449 section 7.1). */
const proofAlgorithms = 'ES256 RS256 PS256 EdDSA ES384 RS384 PS384 ES512 RS512 PS512 Ed25519';

/** A token was sent with the scheme DPoP, or should have been, and it or its proof is no good. */
export function dpopRefusal(
  kind: FaultKind,
  error: 'invalid_token' | 'invalid_dpop_proof',
  description: string,
): Fault {
  const words = `error="${error}", error_description="${quotable(description)}"`;
  return fault(kind, description, [['www-authenticate', `DPoP ${realm}, ${words}, algs="${proofAlgorithms}"`]]);
}

/** The refusal of a token that was sent with the scheme DPoP. */
export function asDpopRefusal(refusal: Fault): Fault {
  return refusal.headers.some(([name, value]) => name === 'www-authenticate' && value.startsWith('Bearer '))
    ? dpopRefusal(refusal.kind, 'invalid_token', refusal.description)
    : refusal;
}

/** No credentials were sent, or of another scheme: the bare challenges, without an error code (RFC 6750 3.1). */
export function challenge(kind: FaultKind, description: string, schemes: readonly SchemeName[]): Fault {
  return fault(kind, description, [['www-authenticate', challengesOf(schemes)]]);
}

/** A client certificate is missing or no good. HTTP has no scheme for it; the challenge says what is wanted all the same. */
export function certificateRefusal(kind: FaultKind, description: string): Fault {
  return fault(kind, description, [['www-authenticate', `ClientCertificate ${realm}`]]);
}

/** The refusal of one scheme's credentials, with the challenges of all schemes that would do. */
export function challengeAll(refusal: Fault, schemes: readonly SchemeName[]): Fault {
  if (refusal.kind.status !== 401) return refusal;
  const own = schemes.includes('oauth2')
    ? refusal.headers.find(([name]) => name === 'www-authenticate')?.[1]
    : undefined;
  const others = own === undefined ? schemes : schemes.filter((scheme) => scheme !== 'oauth2');
  const all = own === undefined ? challengesOf(others) : [own, ...others.map((one) => challenges[one])].join(', ');
  const rest = refusal.headers.filter(([name]) => name !== 'www-authenticate');
  return fault(refusal.kind, refusal.description, [...rest, ['www-authenticate', all]]);
}

/** The token is good but lacks the scopes of the resource. */
export function scopeRefusal(scopes: readonly string[]): Fault {
  const needed = scopes.join(' ');
  return fault(faults.scopeNotAllowed, `The resource needs a token with the scope ${scopes.join(' or ')}.`, [
    ['www-authenticate', `Bearer ${realm}, error="insufficient_scope", scope="${quotable(needed)}"`],
  ]);
}

function challengesOf(schemes: readonly SchemeName[]): string {
  return schemes.map((scheme) => challenges[scheme]).join(', ');
}

/** `error_description` and `scope` allow no quotes, backslashes or non-ASCII (RFC 6750 section 3). */
function quotable(text: string): string {
  return text.replace(/[^\x20-\x21\x23-\x5B\x5D-\x7E]/g, "'");
}
