/** Addresses of servers that are reached over TLS: `https://host:port` and nothing else. */

/** The origin that an address is, `https://host:port`; null = it is something else, or there is more in it. */
export function httpsOrigin(text: string): string | null {
  const url = URL.parse(text);
  if (url?.protocol !== 'https:' || url.pathname !== '/' || url.username || url.password || url.search || url.hash) {
    return null;
  }
  return url.origin;
}

/** An address as it was written, but for what may be a secret: user and password, and a query. */
export function withoutSecrets(address: string): string {
  return address.replace(/^([a-z][a-z\d+.-]*:\/\/)?.*@/is, '$1…@').replace(/[?#].*$/s, '…');
}
