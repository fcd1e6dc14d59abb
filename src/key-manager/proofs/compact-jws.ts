/** The one way in which a JWT is written here: parts of base64url, with dots between them (RFC 7515 section 7.1). */

/**
 * Whether each part is the canonical base64url of its bytes. Decoders skip blanks, padding and spare bits at the end, which the RFC
 * forbids (section 5.2): without this, one token could be written in many ways, and be known by none of them.
 */
export const isCompact = (jwt: string): boolean => jwt.split('.').every(isCanonical);

const isCanonical = (part: string): boolean => Buffer.from(part, 'base64url').toString('base64url') === part;
