/**
 * The wire on `node:net` and `node:tls`: heads are parsed strictly on bytes, fields are read when they are asked for,
 * ranges that stay are copied into a reused buffer, and a head leaves with its small body in one write.
 */
import { Http2Upstream } from '../http2/upstream.ts';
import type { UpstreamOptions, Wire } from '../wire.ts';
import { NetServer } from './server.ts';
import { NetUpstream } from './upstream.ts';

export const netWire: Wire = {
  createServer: (options, handle) => new NetServer(options, handle),
  createUpstream: (options) => (speaksHttp2(options) ? new Http2Upstream(options) : new NetUpstream(options)),
};

/** Without TLS there is nobody to be offered anything. */
function speaksHttp2({ origin, http2 }: UpstreamOptions): boolean {
  return http2 === 'only' || (http2 === 'offered' && origin.startsWith('https:'));
}
