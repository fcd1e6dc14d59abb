/** Refusals with their `WWW-Authenticate` challenge (RFC 6750 section 3). */
import { type Fault, type FaultKind, fault, faults } from '../../core/faults.ts';

const realm = 'realm="Postern"';

/** A token was sent and is no good: `error="invalid_token"`. */
export function bearerRefusal(kind: FaultKind, description: string = kind.description): Fault {
  return fault(kind, description, [
    ['www-authenticate', `Bearer ${realm}, error="invalid_token", error_description="${quotable(description)}"`],
  ]);
}

/** No credentials were sent: the bare challenge, without an error code (RFC 6750 3.1). */
export function challenge(kind: FaultKind, description: string = kind.description): Fault {
  return fault(kind, description, [['www-authenticate', `Bearer ${realm}`]]);
}

/** The token is good but lacks the scopes of the resource. */
export function scopeRefusal(scopes: readonly string[]): Fault {
  const needed = scopes.join(' ');
  return fault(faults.scopeNotAllowed, `The resource needs a token with the scope ${scopes.join(' or ')}.`, [
    ['www-authenticate', `Bearer ${realm}, error="insufficient_scope", scope="${quotable(needed)}"`],
  ]);
}

/** `error_description` and `scope` allow no quotes, backslashes or non-ASCII (RFC 6750 section 3). */
function quotable(text: string): string {
  return text.replace(/[^\x20-\x21\x23-\x5B\x5D-\x7E]/g, "'");
}
