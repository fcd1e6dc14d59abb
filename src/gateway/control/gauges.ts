/** The figures of the gateway as a whole. What nobody knows is left out: a 0 would say something else. */
import type { Freshness } from '../freshness.ts';
import type { FollowerState } from './follower.ts';
import type { Gauge } from './prometheus.ts';

export interface GaugesOf {
  /** Whether traffic is served. */
  readonly ready: boolean;
  readonly threads: number;
  readonly revoked: { readonly size: number; readonly capacity: number };
  /** null = no source is configured. */
  readonly source: FollowerState | null;
  /** null = no source is configured. */
  readonly freshness: Freshness | null;
}

const sourceCounters = {
  gaps: 'Times that a source was found to have lost a change, which was then fetched.',
  refused: 'Entities that came and could not be applied.',
  repeated: 'Changes that came again and changed nothing.',
  malformed: 'Times that a source sent something that is no event; nothing of it was believed.',
  reloads: 'Snapshots fetched.',
} as const;

export function gaugesOf({ ready, threads, revoked, source, freshness }: GaugesOf): Gauge[] {
  return [
    gauge('postern_ready', 'Whether traffic is served.', ready ? 1 : 0),
    gauge('postern_revocations', 'Revocations held.', revoked.size),
    gauge('postern_revocations_capacity', 'Revocations that there is room for.', revoked.capacity),
    gauge('postern_threads', 'Data-plane threads that serve.', threads),
    gauge('postern_source_connected', 'Whether the source of changes is connected.', source?.connected ? 1 : 0),
    ...(['gaps', 'refused', 'repeated', 'malformed', 'reloads'] as const).map<Gauge>((what) => ({
      name: `postern_source_${what}_total`,
      help: sourceCounters[what],
      type: 'counter',
      value: source?.[what] ?? 0,
    })),
    gauge('postern_position', 'Number of the last change that was applied.', numberOf(source?.position)),
    gauge('postern_head', 'The newest number that the source told of.', source?.head),
    gauge('postern_lag', 'Changes that are known to exist and are not applied yet.', source?.lag),
    gauge(
      'postern_staleness_seconds',
      'Time since it was last certain that no change was missing; +Inf = that never was so.',
      freshness && freshness.age() / 1000,
    ),
  ].filter((one) => one !== null);
}

function gauge(name: string, help: string, value: number | null | undefined): Gauge | null {
  return value == null ? null : { name, help, type: 'gauge', value };
}

/** Of a position, `epoch:number`. */
function numberOf(position: string | null | undefined): number | null {
  return position ? Number(position.slice(position.lastIndexOf(':') + 1)) : null;
}
