/** The form in which an opaque or refresh token stands in the store and in revocations. */
import { hash } from 'node:crypto';

/** base64url SHA-256 of the token. */
export function tokenHash(token: string): string {
  return hash('sha256', token, 'base64url');
}
