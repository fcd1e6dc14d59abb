/** A situation in which the gateway is measured. */
import type { Contest } from '../contest.ts';
import type { Stand } from '../stand.ts';

/** Something that is measured by itself, without a peer. */
export interface Figure {
  readonly name: string;
  readonly value: number;
  readonly unit: 'MB' | 's' | 'ms';
  /** At most. */
  readonly goal?: number;
}

export type Scenario = { readonly name: string; readonly about: string } & (
  | { prepare(stand: Stand): Promise<Contest> }
  | { measure(stand: Stand): Promise<Figure[]> }
);

export const names = {
  net: 'postern (net)',
  node: 'postern (node)',
  haproxy: 'haproxy',
  jwt: 'haproxy jwt_verify',
  nginx: 'nginx',
  fastify: 'fastify',
} as const;

export const wires = ['net', 'node'] as const;
