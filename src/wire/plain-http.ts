/** Tells clients that speak plain HTTP to a port for TLS what is wrong. */
import type { Socket } from 'node:net';
import type { Server, TLSSocket } from 'node:tls';
import { answerBytes } from './answer-bytes.ts';
import type { LocalAnswer } from './wire.ts';

/** Makes a server of `node:tls` or `node:https` answer in plain HTTP what came as such. */
export function refusePlainHttp(server: Server, refuse: () => LocalAnswer): void {
  /** Connections whose handshake goes on: the one under a TLS socket can't be asked for. */
  const shaking = new Map<string, Socket>();
  server.on('connection', (socket: Socket) => {
    const peer = peerOf(socket);
    shaking.set(peer, socket);
    socket.on('close', () => shaking.delete(peer));
  });
  server.on('secureConnection', (socket: TLSSocket) => shaking.delete(peerOf(socket)));
  server.on('tlsClientError', (error: NodeJS.ErrnoException, socket: TLSSocket) => {
    if (error.code === 'ERR_SSL_HTTP_REQUEST') shaking.get(peerOf(socket))?.end(answerBytes(refuse()));
  });
}

function peerOf({ remoteAddress, remotePort }: Socket): string {
  return `${remoteAddress} ${remotePort}`;
}
