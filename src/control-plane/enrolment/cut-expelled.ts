/** Ends the connections of gateways that are expelled: their streams, and whatever else they have open. */
import type { Server } from 'node:net';
import type { TLSSocket } from 'node:tls';
import type { ExpelledGateways } from '../../adapters/stores/expelled-gateways.ts';
import { gatewayCertificateOf } from '../../platform/rest-server.ts';

export function cutExpelled(server: Server, expelled: ExpelledGateways): void {
  const open = new Set<TLSSocket>();
  server.on('secureConnection', (socket: TLSSocket) => {
    if (!gatewayCertificateOf(socket)) return;
    open.add(socket);
    socket.once('close', () => open.delete(socket));
  });
  expelled.onMore(() => {
    for (const socket of open) {
      const certificate = gatewayCertificateOf(socket);
      if (certificate && expelled.has(certificate)) socket.destroy();
    }
  });
}
