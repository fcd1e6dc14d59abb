import type { X509Certificate } from 'node:crypto';
import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';

/** The certificate that the other side of a connection has shown, a new object each time; null = none. */
export function shownCertificate(socket: Socket): X509Certificate | null {
  return (socket as Partial<TLSSocket>).getPeerX509Certificate?.() ?? null;
}
