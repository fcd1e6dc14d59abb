/** The kinds of faults: what each needs for itself while it lasts, and how it is done and undone. */
import type { Cluster } from './cluster.ts';
import { fillDisk, freeDisk, protectDisk } from './disk.ts';
import type { EventMode } from './event-proxy.ts';
import type { GatewayNode } from './gateway-node.ts';
import { killKeyManager, killPostgresql } from './kill.ts';
import type { Recorder } from './recorder.ts';
import type { ProxyMode } from './tcp-proxy.ts';

/** As the schedule says it. */
export interface PlannedFault {
  /** Seconds from the beginning. */
  readonly at: number;
  readonly kind: FaultKind;
  /** Index of the gateway or key manager. */
  readonly target: number;
  /** Seconds between doing and undoing. */
  readonly lasts: number;
  /** At least 0, below 1: which variant. */
  readonly variant: number;
}

export interface Stage {
  readonly cluster: Cluster;
  readonly recorder: Recorder;
  /** Resolves after so many seconds, earlier if the run ends. */
  readonly pause: (seconds: number) => Promise<void>;
}

interface FaultType {
  /** On what it may be done: a gateway, one whose events can be spoiled, a key manager, or the one store. */
  readonly on: 'gateway' | 'mistreated' | 'key-manager' | 'store';
  run(stage: Stage, fault: PlannedFault): Promise<void>;
}

const gatewayOf = ({ cluster }: Stage, { target }: PlannedFault): GatewayNode =>
  cluster.gateways[target] as GatewayNode;

/** Which sources it is about: one of them, or all. */
function sourcesOf(gateway: GatewayNode, { variant }: PlannedFault): number[] {
  const all = gateway.paths.map((_path, source) => source);
  const chosen = Math.floor(variant * (all.length + 1));
  return chosen === all.length ? all : [chosen];
}

function breakPaths(mode: ProxyMode, how: 'broken' | 'silent') {
  return async (stage: Stage, fault: PlannedFault): Promise<void> => {
    const gateway = gatewayOf(stage, fault);
    const sources = sourcesOf(gateway, fault);
    const ends = sources.map((source) => stage.recorder.outage(gateway.index, source, how));
    for (const source of sources) await gateway.paths[source]?.tcp.set(mode);
    await stage.pause(fault.lasts);
    for (const source of sources) await gateway.paths[source]?.tcp.set('pass');
    for (const end of ends) end();
  };
}

function spoilEvents(mode: EventMode) {
  return async (stage: Stage, fault: PlannedFault): Promise<void> => {
    const gateway = gatewayOf(stage, fault);
    const sources = sourcesOf(gateway, fault);
    // What comes twice comes all the same.
    const ends = mode === 'duplicate' ? [] : sources.map((at) => stage.recorder.outage(gateway.index, at, 'silent'));
    for (const source of sources) gateway.paths[source]?.events?.set(mode);
    await stage.pause(fault.lasts);
    for (const source of sources) gateway.paths[source]?.events?.set('pass');
    for (const end of ends) end();
  };
}

function moveClock(byMs: number) {
  return async (stage: Stage, fault: PlannedFault): Promise<void> => {
    const gateway = gatewayOf(stage, fault);
    gateway.setClock(byMs);
    await stage.pause(fault.lasts);
    gateway.setClock(0);
  };
}

function spoilDisk(spoil: (gateway: GatewayNode, variant: number) => void) {
  return async (stage: Stage, fault: PlannedFault): Promise<void> => {
    const gateway = gatewayOf(stage, fault);
    spoil(gateway, fault.variant);
    await stage.pause(fault.lasts);
    await freeDisk(gateway);
  };
}

const minute = 60_000;

export const faultTypes = {
  'gateway killed': {
    on: 'gateway',
    async run(stage, fault) {
      const gateway = gatewayOf(stage, fault);
      await gateway.kill();
      await stage.pause(fault.variant);
      await gateway.start();
    },
  },
  'gateway killed and started with nothing to follow': {
    on: 'gateway',
    async run(stage, fault) {
      const gateway = gatewayOf(stage, fault);
      const ends = gateway.paths.map((_path, source) => stage.recorder.outage(gateway.index, source, 'broken'));
      for (const { tcp } of gateway.paths) await tcp.set('refuse');
      await gateway.kill();
      await gateway.start();
      await stage.pause(fault.lasts);
      for (const { tcp } of gateway.paths) await tcp.set('pass');
      for (const end of ends) end();
    },
  },
  'key manager killed': { on: 'key-manager', run: killKeyManager },
  'PostgreSQL killed': { on: 'store', run: killPostgresql },
  'connections refused': { on: 'gateway', run: breakPaths('refuse', 'broken') },
  'connections reset': { on: 'gateway', run: breakPaths('reset', 'broken') },
  'connections half open': { on: 'gateway', run: breakPaths('swallow', 'silent') },
  'connections slow': {
    on: 'gateway',
    async run(stage, fault) {
      const gateway = gatewayOf(stage, fault);
      const ms = 20 + fault.variant * 80;
      const ends = gateway.paths.map((_path, source) => stage.recorder.outage(gateway.index, source, 'slow', ms));
      for (const { tcp } of gateway.paths) await tcp.set('delay', ms);
      await stage.pause(fault.lasts);
      for (const { tcp } of gateway.paths) await tcp.set('pass');
      for (const end of ends) end();
    },
  },
  'events dropped': { on: 'mistreated', run: spoilEvents('drop') },
  'events duplicated': { on: 'mistreated', run: spoilEvents('duplicate') },
  'events reordered': { on: 'mistreated', run: spoilEvents('reorder') },
  'source mute': { on: 'mistreated', run: spoilEvents('mute') },
  'disk full': { on: 'gateway', run: spoilDisk(fillDisk) },
  'disk read-only': { on: 'gateway', run: spoilDisk(protectDisk) },
  'clock ahead': { on: 'gateway', run: moveClock(20 * minute) },
  'clock behind': { on: 'gateway', run: moveClock(-20 * minute) },
  'clock far ahead': { on: 'gateway', run: moveClock(180 * minute) },
} as const satisfies Record<string, FaultType>;

export type FaultKind = keyof typeof faultTypes;
