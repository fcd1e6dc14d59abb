/** What kind of picture some bytes are, by what they begin with. SVG is none: it can hold scripts. */

/** `image/png` and the like; null = none that is known. */
export function imageType(bytes: Buffer): string | null {
  const begins = (text: string, at = 0): boolean => bytes.toString('latin1', at, at + text.length) === text;
  if (begins('\x89PNG\r\n\x1a\n')) return 'image/png';
  if (begins('\xff\xd8\xff')) return 'image/jpeg';
  if (begins('GIF87a') || begins('GIF89a')) return 'image/gif';
  return begins('RIFF') && begins('WEBP', 8) ? 'image/webp' : null;
}
