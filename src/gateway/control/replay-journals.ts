/** What the journals of the disk copy say has changed since its snapshot. */
import type { EntityChange } from '../../core/snapshot.ts';
import { type JournalHeader, type JournalRecord, readJournal } from './journal.ts';
import type { DiskHeader } from './snapshot-file.ts';

export interface Replayed {
  /** What changed, but for revocations, by `entityKey`. */
  readonly changes: ReadonlyMap<string, EntityChange>;
  /** The last number without a gap before it, and when that change was decided. */
  readonly number: number;
  readonly at: number | undefined;
  /** When it was last certain that nothing was missing; milliseconds since the epoch. */
  readonly confirmedAt: number;
  /** Something is missing or can't be read. */
  readonly damaged: boolean;
}

/** Tells an entity from all others. */
export const entityKey = ({ kind, id }: EntityChange): string => `${kind}|${id}`;

/**
 * Reads journals in order, some milliseconds at a time. Only numbers that follow one another count, except for
 * revocations: those deny, and may do so whatever is missing before them.
 * @param header of the snapshot; null = there is none
 * @param revoke is told every revocation
 */
export async function replayJournals(
  files: readonly string[],
  header: DiskHeader | null,
  revoke: (revocation: EntityChange) => void,
): Promise<Replayed> {
  const changes = new Map<string, EntityChange>();
  let { number, at, confirmedAt } = header ?? { number: 0, at: undefined, confirmedAt: 0 };
  let damaged = false;
  const take = (record: JournalRecord, follows: boolean): void => {
    if (record.type === 'confirmed' && follows) {
      // What was held then may never have got to the disk.
      if ((record.number ?? number) <= number) confirmedAt = Math.max(confirmedAt, record.at);
    }
    if (record.type === 'revoked') revoke({ kind: 'revocation', id: record.id, value: record.value });
    if (record.type !== 'change') return;
    // A revocation is never taken back.
    if (record.kind === 'revocation' && record.value !== null) revoke(record);
    if (!follows || record.number <= number) return;
    if (record.number !== number + 1) {
      damaged = true;
      return;
    }
    number += 1;
    at = record.at;
    const { kind, id, value } = record;
    if (kind !== 'revocation') changes.set(entityKey(record), { kind, id, value } as EntityChange);
  };
  for (const file of files) {
    let first: JournalHeader | null | undefined;
    for await (const records of readJournal(file)) {
      for (const record of records) {
        if (record === null) damaged = true;
        if (first === undefined) first = record?.type === 'journal' && record.format === 1 ? record : null;
        // Of another epoch: the snapshot that it belongs to could not be written.
        else if (record) take(record, header !== null && first?.epoch === header.epoch);
      }
    }
  }
  return { changes, number, at, confirmedAt, damaged };
}
