/** Takes over everything that a source has, while requests are served. */
import { setImmediate } from 'node:timers/promises';
import type { Snapshot } from '../../adapters/brokers/source.ts';
import type { EntityChange } from '../../core/snapshot.ts';
import type { EventLog } from '../../platform/log.ts';
import { applyChanges } from './apply-changes.ts';
import type { DiskCopy } from './disk-copy.ts';
import type { EntitySink } from './entity-sink.ts';

export interface LoadDeps {
  readonly sink: EntitySink;
  /** Keeps the revocations at once, before the rest is there; null = it has nothing that they could be added to. */
  readonly disk: DiskCopy | null;
  /** Whether the gateway knows a kind of entities. */
  readonly knows: (kind: string) => boolean;
  readonly log: EventLog;
  readonly signal: AbortSignal;
  /** Told how many entities have come, each time that some do. */
  readonly came: (entities: number) => void;
}

export interface Loaded {
  /** All but the revocations, which are in force already. */
  readonly state: readonly EntityChange[];
  readonly revocations: number;
  /** Revocations that could not be applied. */
  readonly refused: number;
}

/** Entities after which other things have their turn: a few milliseconds. */
const mostAtOnce = 500;

/** Resolves with null when it is told to stop. Rejects when the snapshot can't be had whole. */
export async function loadSnapshot({ entities }: Snapshot, deps: LoadDeps): Promise<Loaded | null> {
  const { sink, disk, knows, log, signal, came } = deps;
  const state: EntityChange[] = [];
  let revocations = 0;
  let refused = 0;
  let atOnce = 0;
  for await (const some of entities) {
    if (signal.aborted) return null;
    came(some.length);
    const revoked = some.filter(({ kind }) => kind === 'revocation');
    if (revoked.length < some.length) {
      state.push(...some.filter(({ kind }) => kind !== 'revocation' && knows(kind)));
    }
    // Whatever becomes of this snapshot, they were decided: they deny from now on, and nobody has to keep them.
    refused += applyChanges(sink, revoked, log);
    // Nor does a gateway that serves already take one back because it was killed before the snapshot was on disk.
    disk?.keep(revoked);
    revocations += revoked.length;
    atOnce += some.length;
    if (atOnce < mostAtOnce) continue;
    // A source that sends faster than this would otherwise leave no turn for anything else.
    await setImmediate();
    atOnce = 0;
  }
  return signal.aborted ? null : { state, revocations, refused };
}
