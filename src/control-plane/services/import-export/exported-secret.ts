/**
 * Consumer secrets in files of applications. Ours are as they are. WSO2 API Manager writes Base64 since 2.6, and which
 * it is can't be told for certain from a text alone; a wrong guess would be a secret that nobody has.
 */

/** The secret that was encoded; null when it is not the Base64 (RFC 4648, section 4) of visible ASCII. */
export function decodeSecret(encoded: string): string | null {
  const bytes = Buffer.from(encoded, 'base64');
  const secret = bytes.toString('latin1');
  return bytes.toString('base64') === encoded && /^[\x21-\x7e]+$/.test(secret) ? secret : null;
}

/** Whether a text is likely to be an encoded secret. Of random letters and digits hardly any are. */
export function looksEncoded(secret: string): boolean {
  return secret.length >= 12 && decodeSecret(secret) !== null;
}
