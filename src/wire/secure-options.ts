/** What `node:tls` wants of a server. */
import type { Server } from 'node:tls';
import type { ServerTls } from './wire.ts';

export function secureOptions({ cert, key, ticketKeys, asksForCertificate = false }: ServerTls) {
  return {
    cert,
    key,
    ...(ticketKeys && { ticketKeys: Buffer.from(ticketKeys) }),
    requestCert: asksForCertificate,
    // Whose certificates are good is for the API to say.
    rejectUnauthorized: false,
    // Not the system's authorities, which would have to be read for nothing.
    ca: [],
  };
}

/**
 * Shakes hands by these from now on.
 * @returns whether it asks for certificates, and did not before
 */
export function secureAnew(server: Server, tls: ServerTls): boolean {
  const options = secureOptions(tls);
  server.setSecureContext(options);
  // Read at each handshake. `setSecureContext` leaves it as it is; the contract suite notices should it ever be elsewhere.
  const asking = server as Server & { requestCert: boolean };
  const begins = options.requestCert && !asking.requestCert;
  asking.requestCert = options.requestCert;
  return begins;
}
