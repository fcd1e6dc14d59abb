/** A gateway whose event stream is open here, as administrators see it. */
import type { PeerCertificate, TLSSocket } from 'node:tls';
import type { FastifyRequest } from 'fastify';

export interface ConnectedGateway extends Peer {
  /** Milliseconds since the epoch. */
  readonly since: number;
  /** The last number that was written to it; it may still be on its way. */
  readonly sent: number;
  /** Changes that are known here and were not written to it yet. */
  readonly lag: number;
}

/** Who reads: by the certificate with which it was enrolled. */
export interface Peer {
  /** Common name of the certificate. */
  readonly name: string;
  /** Hexadecimal. */
  readonly serial: string;
  /** SHA-256, hexadecimal, with colons. */
  readonly fingerprint: string;
  readonly address: string;
}

/** Nothing of a certificate is left when the connection is gone. */
export function peerOf({ raw: { socket }, ip }: FastifyRequest): Peer {
  const certificate: Partial<PeerCertificate> | null = (socket as TLSSocket).getPeerCertificate();
  const host = ip.includes(':') ? `[${ip}]` : ip;
  return {
    name: [certificate?.subject?.CN].flat()[0] ?? '',
    serial: certificate?.serialNumber ?? '',
    fingerprint: certificate?.fingerprint256 ?? '',
    address: `${host}:${socket.remotePort ?? 0}`,
  };
}
