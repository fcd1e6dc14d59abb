/** The implementations of the wire. */
import type { Wire } from './wire.ts';

/** Loaded on demand: a gateway loads the one that it runs. */
export const wires = {
  /** On `node:net` and `node:tls`, HTTP/1.1 of our own. */
  net: async (): Promise<Wire> => (await import('./net/index.ts')).netWire,
  /** On `node:http` and undici. */
  node: async (): Promise<Wire> => (await import('./node/index.ts')).nodeWire,
} as const;
