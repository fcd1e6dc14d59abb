/** The classes of bytes that HTTP's grammar knows (RFC 9110 5.5, 5.6.2), as tables: 0 = does not belong to it. */

const table = (belongs: (c: number, char: string) => boolean): Uint8Array =>
  Uint8Array.from({ length: 256 }, (_, c) => (belongs(c, String.fromCharCode(c)) ? 1 : 0));

/** Methods, field names, names in chunk extensions. */
export const token = table((_, char) => /[!#$%&'*+.^_`|~\dA-Za-z-]/.test(char));
/** A bit besides, in `token`. */
export const underscore = 2;
token[95] = 1 | underscore;
/** What a field value may have: tab, blank, visible ASCII, and bytes above it. */
export const text = table((c) => c === 9 || (c >= 32 && c !== 127));
/** Visible ASCII. */
export const visible = table((c) => c > 32 && c < 127);
/** Not a class: the byte itself, letters in lower case. */
export const lower = Uint8Array.from({ length: 256 }, (_, c) => (c >= 65 && c <= 90 ? c + 32 : c));
