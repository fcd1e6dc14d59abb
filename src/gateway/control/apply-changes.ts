/** Applies changes so that one that can't be applied does not keep the revocations behind it from being applied. */
import type { EntityChange } from '../../core/snapshot.ts';
import type { EventLog } from '../../platform/log.ts';
import type { EntitySink } from './entity-sink.ts';

/** Returns how many could not be applied; each has a line in the log. */
export function applyChanges(sink: EntitySink, changes: readonly EntityChange[], log: EventLog): number {
  try {
    sink.apply(changes);
    return 0;
  } catch {
    return applySingly(sink, changes, log);
  }
}

function applySingly(sink: EntitySink, changes: readonly EntityChange[], log: EventLog): number {
  let refused = 0;
  for (const change of changes) {
    try {
      sink.apply([change]);
    } catch (error) {
      refused += 1;
      log.error({ err: error, kind: change.kind, id: change.id }, 'a change could not be applied');
    }
  }
  return refused;
}
