/**
 * The wire on `node:net` and `node:tls`: heads are parsed strictly on bytes, fields are read when they are asked for,
 * ranges that stay are copied into a reused buffer, and a head leaves with its small body in one write.
 */
import type { Wire } from '../wire.ts';
import { NetServer } from './server.ts';
import { NetUpstream } from './upstream.ts';

export const netWire: Wire = {
  createServer: (options, handle) => new NetServer(options, handle),
  createUpstream: (options) => new NetUpstream(options),
};
