/** Addresses to which secrets and browsers that log in are sent: nobody on the way reads or changes what they bring. */

/** Over TLS, or without what never leaves this machine. */
export function isSafeAddress(address: string): boolean {
  const { protocol, hostname } = URL.parse(address) ?? {};
  return (
    protocol === 'https:' || (protocol === 'http:' && ['127.0.0.1', '[::1]', 'localhost'].includes(hostname ?? ''))
  );
}
