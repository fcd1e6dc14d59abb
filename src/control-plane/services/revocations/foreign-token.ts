/** What a JWT of a key manager that is not ours says of itself: enough to revoke it, which needs no proof. */
import { createHash } from 'node:crypto';
import { never, type Revocation, shortHash } from '../../../core/revocation.ts';

export interface ForeignToken {
  readonly issuer: string;
  readonly revocation: Revocation;
  /** As people are shown it. */
  readonly id: string;
}

/** Null for what is no JWT with an issuer. */
export function readForeignToken(token: string): ForeignToken | null {
  const parts = token.split('.');
  const claims = parts.length === 3 ? parse(parts[1] as string) : null;
  if (typeof claims?.iss !== 'string' || claims.iss === '') return null;
  const { iss: issuer, jti, exp } = claims;
  // A token that doesn't say when it ends may be believed for ever.
  const expires = typeof exp === 'number' && exp > 0 && exp < never ? Math.ceil(exp) : never;
  if (typeof jti === 'string' && jti !== '') {
    return { issuer, revocation: { type: 'token', issuer, value: jti, expires }, id: jti };
  }
  const hash = createHash('sha256').update(`${parts[0]}.${parts[1]}`).digest('base64url');
  return { issuer, revocation: { type: 'unnamed', issuer: '', value: hash, expires }, id: shortHash(hash) };
}

function parse(part: string): Record<string, unknown> | null {
  try {
    const claims: unknown = JSON.parse(Buffer.from(part, 'base64url').toString('utf8'));
    return typeof claims === 'object' && claims !== null ? (claims as Record<string, unknown>) : null;
  } catch {
    return null;
  }
}
