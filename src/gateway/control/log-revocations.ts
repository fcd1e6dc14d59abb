/** Says in the log where the gateway has its revocations from. Never a token, nor anything that could stand for one. */
import { hash } from 'node:crypto';
import type { EntityChange } from '../../core/snapshot.ts';
import type { EventLog } from '../../platform/log.ts';

/** Of more that come at once only the number is said. */
const most = 20;

/** A whole state was taken over. @param from the disk copy, or a source's snapshot */
export function logSnapshot(log: EventLog, from: string, counts: { revocations: number; entities: number }): void {
  log.info({ from, revocations: counts.revocations, entities: counts.entities }, 'revocations were loaded at once');
}

/** Changes came in real time. @param source its name */
export function logRevocations(log: EventLog, source: string, changes: readonly EntityChange[]): void {
  const revocations = changes.filter(({ kind, value }) => kind === 'revocation' && value !== null);
  if (revocations.length > most) {
    log.info({ from: source, revocations: revocations.length }, 'revocations came in real time');
    return;
  }
  for (const { id } of revocations) {
    const fields = { from: source, type: id.slice(0, id.indexOf('|')), hash: hash('sha256', id).slice(0, 12) };
    log.info(fields, 'a revocation came in real time');
  }
}
