/** The form in which an opaque or refresh token stands in the store and in revocations. */
import { createHash } from 'node:crypto';

/** base64url SHA-256 of the token. */
export function tokenHash(token: string): string {
  return createHash('sha256').update(token).digest('base64url');
}
