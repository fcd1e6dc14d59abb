/** `Content-Disposition` of what a client keeps under a name (RFC 6266, with the names of RFC 8187). */

/** @param fileName any text; clients that know no others get an ASCII one */
export function attachment(fileName: string): string {
  const name = fileName.toWellFormed();
  const fallback = name.replaceAll(/[^A-Za-z0-9._ -]/gu, '_');
  const plain = `attachment; filename="${fallback}"`;
  return fallback === name ? plain : `${plain}; filename*=UTF-8''${encoded(name)}`;
}

/** RFC 8187 section 3.2.1 leaves fewer characters as they are than URIs do. */
function encoded(name: string): string {
  return encodeURIComponent(name).replace(/['()*]/g, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`);
}
