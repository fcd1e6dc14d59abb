import type { ServerTls } from './wire.ts';

/** What `node:tls` wants of a server. */
export function secureOptions({ cert, key, ticketKeys }: ServerTls) {
  return { cert, key, ...(ticketKeys && { ticketKeys: Buffer.from(ticketKeys) }) };
}
