/** From where a user's password comes with a request. */
import type { FastifyRequest } from 'fastify';
import type { LogInSource } from '../../adapters/user-stores/user-store.ts';
import type { KeyManager } from '../call.ts';

export function logInSource(km: KeyManager, request: FastifyRequest, kind: LogInSource['kind']): LogInSource {
  return {
    kind,
    get address() {
      return addressOf(km, request);
    },
    gone: () => request.raw.socket.destroyed,
  };
}

/** The peer's, unless a gateway passes the request on. The last hop is the one that the gateway itself has added. */
function addressOf(km: KeyManager, request: FastifyRequest): string {
  const peer = request.raw.socket.remoteAddress ?? '';
  if (!km.isEnrolledGateway(request)) return peer;
  const hops = String(request.headers['x-forwarded-for'] ?? '').split(',');
  return hops.at(-1)?.trim() || peer;
}
