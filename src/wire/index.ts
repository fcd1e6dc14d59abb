/** The implementations of the wire. */
import type { Wire } from './wire.ts';

/** Loaded on demand: a gateway loads the one that it runs. */
export const wires = {
  node: async (): Promise<Wire> => (await import('./node/index.ts')).nodeWire,
} as const;
