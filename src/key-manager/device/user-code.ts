/** The code that somebody types to let a device in (RFC 8628 section 6.1). */
import { randomInt } from 'node:crypto';

/** No vowels, so that no words come up; with eight of them, 34 bits. */
const letters = 'BCDFGHJKLMNPQRSTVWXZ';
const length = 8;

export const newUserCode = (): string => Array.from({ length }, () => letters[randomInt(letters.length)]).join('');

/** As it is shown: `WDJB-MJHT`. */
export const showUserCode = (code: string): string => `${code.slice(0, length / 2)}-${code.slice(length / 2)}`;

/** What somebody typed, in whatever case and with whatever between the letters; null = it can be no code. */
export function readUserCode(typed: string): string | null {
  const code = typed.toUpperCase().replace(/[\s\-._]/g, '');
  return code.length === length && [...code].every((letter) => letters.includes(letter)) ? code : null;
}
