/**
 * The path on which a decision is made. A back end may understand `/%6Denu`, `//menu` or `/menu;v=1` as `/menu`, so
 * the gateway has to as well: otherwise a resource that needs a scope could be reached under a spelling that doesn't.
 */

/** True for a path that is its own normal form, which nearly all are. */
export function isNormal(path: string): boolean {
  return (
    path.indexOf('%') === -1 &&
    path.indexOf('//') === -1 &&
    path.indexOf('/.') === -1 &&
    path.indexOf(';') === -1 &&
    path.indexOf('\\') === -1
  );
}

/**
 * Percent-encoded unreserved characters decoded (RFC 3986 6.2.2.2), hexadecimal digits in upper case, empty segments
 * and the parameters of segments (`;…`) left out. Null for what no honest client sends and back ends disagree about:
 * dot segments, backslashes, control characters, percent signs that start no encoding.
 */
export function normalizePath(path: string): string | null {
  if (/%(?![0-9A-Fa-f]{2})/.test(path)) return null;
  const decoded = path.replace(/%[0-9A-Fa-f]{2}/g, (encoded) => {
    const char = String.fromCharCode(Number.parseInt(encoded.slice(1), 16));
    return /[A-Za-z0-9\-._~]/.test(char) ? char : encoded.toUpperCase();
  });
  if (decoded.includes('\\') || /%(?:[01][0-9A-F]|7F|5C)/.test(decoded)) return null;
  const segments = decoded.split('/').map((segment) => segment.split(';', 1)[0] as string);
  if (segments.some((segment) => segment === '.' || segment === '..')) return null;
  const normal = segments.filter((segment) => segment !== '').join('/');
  return `/${normal}${normal !== '' && decoded.endsWith('/') ? '/' : ''}`;
}
