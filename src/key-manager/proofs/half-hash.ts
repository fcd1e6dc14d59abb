/** What an id token says of the access token beside it (`at_hash`, OpenID Connect Core section 3.1.3.6). */
import { createHash } from 'node:crypto';

/** The left half of the hash that the algorithm signs by. Ed25519 signs by SHA-512. */
export function halfHash(algorithm: string, text: string): string {
  const size = /\d{3}$/.exec(algorithm)?.[0] ?? '512';
  const digest = createHash(`sha${size}`).update(text).digest();
  return digest.subarray(0, digest.length / 2).toString('base64url');
}
