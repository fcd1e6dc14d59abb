/**
 * The path on which a decision is made. A back end may understand `/%6Denu`, `//menu`, `/menu;v=1` or `/items%3Apurge`
 * as the plain path, so the gateway has to as well: otherwise a resource that needs a scope could be reached under a
 * spelling that doesn't.
 */

/** Characters that stand for themselves in a path (RFC 3986 3.3 `pchar`), but for `;`, which begins parameters. */
const plain = /^[A-Za-z0-9\-._~!$&'()*+,=:@]$/;
const normalPath = /^(?:\/(?![./])[A-Za-z0-9\-._~!$&'()*+,=:@]*)+$|^\/$/;

/** True for a path that is its own normal form, which nearly all are. */
export function isNormal(path: string): boolean {
  return normalPath.test(path);
}

/**
 * Characters that need no percent-encoding decoded and those that need it encoded, hexadecimal digits in upper case, empty
 * segments and the parameters of segments (`;…`) left out. A slash at the end stays.
 *
 * Null for what back ends disagree about: dot segments, slashes, backslashes and control characters in encoded form,
 * percent signs that start no encoding, and characters that may not stand in a request target.
 */
export function normalizePath(path: string): string | null {
  if (!path.startsWith('/') || /%(?![0-9A-Fa-f]{2})|[^\x21-\x7E]|[\\#]/.test(path)) return null;
  const decoded = path.replace(/%[0-9A-Fa-f]{2}/g, (encoded) => {
    const char = String.fromCharCode(Number.parseInt(encoded.slice(1), 16));
    return plain.test(char) ? char : encoded.toUpperCase();
  });
  if (/%(?:[01][0-9A-F]|7F|2F|5C)/.test(decoded)) return null;
  const encoded = decoded.replace(/["<>?[\]^`{|}]/g, encodeURIComponent);
  const segments = encoded.split('/').map((segment) => segment.split(';', 1)[0] as string);
  if (segments.some((segment) => segment === '.' || segment === '..')) return null;
  const normal = segments.filter((segment) => segment !== '').join('/');
  return `/${normal}${normal !== '' && decoded.endsWith('/') ? '/' : ''}`;
}

/**
 * A literal segment of a template in the form in which requests have it: `menü` is asked for as `men%C3%BC`. Null for one
 * that no request can have, as `a%2Fb`.
 */
export function normalizeSegment(segment: string): string | null {
  if (!segment.isWellFormed()) return null;
  const encoded = segment.replace(/[^\x21-\x7E]+|%(?![0-9A-Fa-f]{2})/gu, encodeURIComponent);
  const normal = normalizePath(`/${encoded}`)?.slice(1);
  return normal || null;
}
