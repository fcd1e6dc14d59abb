/**
 * Long field values that came lately, byte by byte: a value that is equal to one of them needs no reading again, and its
 * text none again either. Tokens are most of a request's bytes, and the same ones come over and over.
 *
 * Values are found by their last bytes, which in a token belong to the signature. Two with the same place displace each
 * other, which costs time and nothing else: whatever is found was compared as a whole.
 */

/** Bytes from which on a value is long, and up to which it is remembered. */
export const longValue = 64;
const longest = 2048;
const places = 2048;

/** Memory that is never written costs nothing. */
const bytesOf = Buffer.allocUnsafeSlow(places * longest);
const lengths = new Uint16Array(places);
const texts: (string | null)[] = new Array(places).fill(null);

function placeOf(bytes: Buffer, end: number): number {
  const last =
    (bytes[end - 1] as number) |
    ((bytes[end - 2] as number) << 8) |
    ((bytes[end - 3] as number) << 16) |
    ((bytes[end - 4] as number) << 24);
  const before = (bytes[end - 5] as number) | ((bytes[end - 6] as number) << 8) | ((bytes[end - 7] as number) << 16);
  const mixed = Math.imul(last, 0x9e3779b1) ^ Math.imul(before, 0x85ebca6b);
  return (mixed ^ (mixed >>> 15)) & (places - 1);
}

/** The text of a value that came lately; null = it isn't known to have come. At least `longValue` bytes. */
export function recentValue(bytes: Buffer, from: number, to: number): string | null {
  const place = placeOf(bytes, to);
  const start = place * longest;
  const length = to - from;
  if (lengths[place] !== length || bytes.compare(bytesOf, start, start + length, from, to) !== 0) return null;
  return (texts[place] ??= bytes.toString('latin1', from, to));
}

/** Remembers a value, of which each byte may stand in a field. */
export function rememberValue(bytes: Buffer, from: number, to: number): void {
  if (to - from > longest) return;
  const place = placeOf(bytes, to);
  bytes.copy(bytesOf, place * longest, from, to);
  lengths[place] = to - from;
  texts[place] = null;
}
