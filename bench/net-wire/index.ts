/**
 * A second implementation of the wire, on `node:net` and `node:tls`: proof that the interface allows the cheap design
 * (heads parsed on bytes, fields read lazily, kept ranges copied into a reused buffer, one write per head and small
 * body), and the yardstick for the one on `node:http`. Not for production. It leaves out:
 *
 * - the private big buffer for large downloads: every piece of a body is copied once;
 * - recognising a known token by its bytes, which the interface has no place for;
 * - a bound for TLS handshakes that never end, and session resumption.
 */
import type { Wire } from '../../src/wire/wire.ts';
import { NetServer } from './server.ts';
import { NetUpstream } from './upstream.ts';

export const netWire: Wire = {
  createServer: (options, handle) => new NetServer(options, handle),
  createUpstream: (options) => new NetUpstream(options),
};
