/** The parameter `assertion`: base64url (RFC 7522 section 2.1), read in one way only. */
import { refuse } from './assertion.ts';
import { readUtf8 } from './read-utf8.ts';

export function decodeAssertion(parameter: string): string {
  // Padding should not be there, but may.
  const text = parameter.replace(/={1,2}$/, '');
  const bytes = Buffer.from(text, 'base64url');
  if (bytes.length === 0 || bytes.toString('base64url') !== text) return refuse('expected base64url');
  return readUtf8(bytes) ?? refuse('expected UTF-8');
}
