/** The wire on Node's own HTTP server and undici's client. */
import type { Wire } from '../wire.ts';
import { NodeServer } from './server.ts';
import { NodeUpstream } from './upstream.ts';

export const nodeWire: Wire = {
  createServer: (options, handle) => new NodeServer(options, handle),
  createUpstream: (options) => new NodeUpstream(options),
};
