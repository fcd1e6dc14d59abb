/**
 * The code that a gateway enrols with once: a secret, and the fingerprint of the authority that has to answer. So the
 * gateway knows whom it talks to before it shows the secret.
 */

export interface EnrolmentCode {
  /** 16 random bytes, base64url. */
  readonly secret: string;
  /** SHA-256 of the authority's certificate (DER), base64url. */
  readonly authority: string;
}

/** Tells what it is; and nothing that begins with it looks like an option of a command. */
const prefix = 'pgw_';

export function formatEnrolmentCode({ secret, authority }: EnrolmentCode): string {
  return `${prefix}${secret}.${authority}`;
}

/** Null when it is none. */
export function parseEnrolmentCode(text: string): EnrolmentCode | null {
  const match = /^pgw_([A-Za-z0-9_-]{22})\.([A-Za-z0-9_-]{43})$/.exec(text);
  return match ? { secret: match[1] as string, authority: match[2] as string } : null;
}
