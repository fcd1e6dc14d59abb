/** The certificate that a client shows in its connection to the key manager (RFC 8705). */
import { createHash, type X509Certificate } from 'node:crypto';
import type { TLSSocket } from 'node:tls';
import type { FastifyRequest } from 'fastify';
import type { KeyManager } from '../call.ts';

/**
 * Valid now; its owner has the key of it. Who issued it has not been looked at. Null = none: also where a gateway passes a request
 * on, since the certificate of that connection is the gateway's own.
 */
export function clientCertificateOf(km: KeyManager, request: FastifyRequest): X509Certificate | null {
  const socket = request.raw.socket as Partial<TLSSocket>;
  const shown = socket.getPeerX509Certificate?.();
  if (!shown || km.isEnrolledGateway(request)) return null;
  const now = km.clock.now();
  return shown.validFromDate.getTime() <= now && now < shown.validToDate.getTime() ? shown : null;
}

/** What a token is bound to (section 3.1). */
export const thumbprintOf = ({ raw }: X509Certificate): string => createHash('sha256').update(raw).digest('base64url');

const forClients = ['1.3.6.1.5.5.7.3.2', '2.5.29.37.0'];

/** Directly, and for such use: what clients send of the chain in between is not looked at. */
export function isIssuedBy(shown: X509Certificate, authority: X509Certificate, now: number): boolean {
  const isForClients = shown.keyUsage === undefined || shown.keyUsage.some((use) => forClients.includes(use));
  return (
    authority.ca &&
    isForClients &&
    authority.validFromDate.getTime() <= now &&
    now < authority.validToDate.getTime() &&
    !/sha-?1|md5/i.test(shown.signatureAlgorithm ?? 'md5') &&
    shown.checkIssued(authority) &&
    shown.verify(authority.publicKey)
  );
}
