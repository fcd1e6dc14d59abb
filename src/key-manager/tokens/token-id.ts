/** What tokens, and the families of those that live and die together, are called in the store; of JWTs it is the `jti`. */
import { randomUUIDv7 } from 'node:crypto';

/**
 * Those of a moment stand beside each other in the store's indexes, so that a commit writes few pages of them (RFC 9562
 * section 6.13). No secret: opaque and refresh tokens are derived from it under a key.
 */
export const newTokenId = (): string => randomUUIDv7();
