/**
 * The gateway's copy on disk of all it knows: what it starts from when nothing else can be reached, and why a token
 * that was revoked stays so when the gateway is killed.
 *
 * In its folder are `snapshot.ndjson`, `revocations.bin` and journals of the changes since, `journal-1.log`,
 * `journal-2.log`, …; a new one is begun at each start and each snapshot. When the journals have grown they are merged:
 * first the revocations are written anew, as memory has them, then the snapshot, while changes go to the next journal;
 * the old journals are removed only when both are safe. Whatever happens in between, the numbers tell which lines are
 * news, and a revocation that is read twice denies the same. Revocations only ever deny, so whatever can be read of them
 * goes straight into the revoked set, also when the rest is of no use.
 */
import { existsSync, mkdirSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { ChangeEvent } from '../../core/events.ts';
import type { Revocation } from '../../core/revocation.ts';
import { type EntityChange, entityKinds, type SnapshotHeader } from '../../core/snapshot.ts';
import { type Clock, systemClock } from '../../platform/clock.ts';
import { type Log, silentLog } from '../../platform/log.ts';
import { OperatorError } from '../../platform/operator-error.ts';
import type { RevokedSet } from '../revocation/revoked-set.ts';
import { Journals } from './journals.ts';
import { entityKey, replayJournals } from './replay-journals.ts';
import { readFingerprintKey, readRevocations, writeRevocations } from './revocations-file.ts';
import { readSnapshotFile, readSnapshotHeader, writeSnapshotFile } from './snapshot-file.ts';

export interface DiskCopyOptions {
  /** Where revocations are put when they are read, and taken from when they are written. */
  readonly revoked: RevokedSet;
  /** The key that its fingerprints are made with: `storedFingerprintKey`, or a new one if there is none. */
  readonly fingerprintKey: Uint8Array;
  readonly clock?: Clock;
  /** By which revocations are gone, in milliseconds since the epoch. Default: the clock's. */
  readonly settled?: () => number;
  readonly log?: Log;
  /** Bytes of journals, at least, before they are merged; more when what they are merged into is large. Default 4 MiB. */
  readonly compactAfter?: number;
}

export interface DiskCopyContent {
  /** Where to go on from. null: the copy is damaged and a snapshot is needed; there are no entities. */
  readonly header: SnapshotHeader | null;
  /** All but the revocations, in the order of `entityKinds`. */
  readonly entities: readonly EntityChange[];
  /** How many revocations the set has now. */
  readonly revocations: number;
  /** When it was last certain that nothing was missing, to within `confirmEvery`; 0 = not known. */
  readonly lastConfirmedHeadMs: number;
}

/** The folder can't be used; the message names it. */
export class DiskCopyError extends OperatorError {
  override name = 'DiskCopyError';
}

/** Milliseconds between confirmations on disk: staleness after a restart is overstated by so much at most. */
const confirmEvery = 5000;
/** Milliseconds by which a clock may have gone back before that matters. */
const clockDifference = 60_000;

const revocationsFile = 'revocations.bin';

/** The key that the revocations of a copy were written with: without it they are of no use. null = there are none. */
export function storedFingerprintKey(dir: string): Uint8Array | null {
  return readFingerprintKey(join(dir, revocationsFile));
}

export class DiskCopy {
  readonly #dir: string;
  readonly #file: string;
  readonly #revocationsFile: string;
  readonly #revoked: RevokedSet;
  readonly #fingerprintKey: Uint8Array;
  readonly #clock: Clock;
  readonly #settled: () => number;
  readonly #log: Log;
  readonly #compactAfter: number;
  readonly #journals: Journals;
  #confirmedOnDisk = 0;
  /** The latest time by which revocations were left out of the file, since a snapshot of a source had all of them. */
  #leftOutAt = 0;
  /** Of the file of revocations, as it was written last. */
  #edition = 0;
  /** The set's generation when all that it had was on disk, or was held back to be written. */
  #writtenGeneration = 0;
  /** Bytes of what journals are merged into. */
  #mergedBytes = 0;
  #compacting = false;
  /** Whatever reads or replaces whole files, one after the other. */
  #work: Promise<unknown> = Promise.resolve();

  /** Makes the folder if need be. @throws DiskCopyError */
  constructor(dir: string, options: DiskCopyOptions) {
    this.#dir = dir;
    this.#file = join(dir, 'snapshot.ndjson');
    this.#revocationsFile = join(dir, revocationsFile);
    this.#revoked = options.revoked;
    this.#fingerprintKey = options.fingerprintKey;
    const clock = options.clock ?? systemClock;
    this.#clock = clock;
    this.#settled = options.settled ?? (() => clock.now());
    this.#log = options.log ?? silentLog;
    this.#compactAfter = options.compactAfter ?? 4 * 1024 * 1024;
    try {
      mkdirSync(dir, { recursive: true, mode: 0o700 });
      this.#journals = new Journals(dir, this.#log);
      // Better to know now than at the first revocation that the folder can't be written.
      rmSync(mkdtempSync(join(dir, 'probe-')), { recursive: true });
    } catch (error) {
      throw new DiskCopyError(`the gateway's disk copy in ${dir} can't be written: ${(error as Error).message}`, {
        cause: error,
      });
    }
  }

  /** Why changes don't reach the disk at the moment, or null. */
  get failure(): string | null {
    return this.#journals.failure;
  }

  /** What is there, or null; its revocations are in the set then. Call it before the first `append`. */
  load(): Promise<DiskCopyContent | null> {
    return this.#serially(async () => {
      const content = await this.#read();
      this.#journals.epoch = content?.header?.epoch ?? '';
      this.#writtenGeneration = this.#revoked.generation;
      this.#journals.measure();
      this.#measure();
      return content;
    });
  }

  /** Puts the revocations that are on disk into the set once more: it may have let some go too early. */
  recall(): Promise<void> {
    return this.#serially(async () => {
      await readRevocations(this.#revocationsFile, this.#fingerprintKey, this.#revoked, this.#settled());
      await replayJournals(this.#journals.files(), null, this.#revoke);
    });
  }

  /**
   * Takes a snapshot in place of everything but the revocations: those that are written are the set's, which has all of
   * the snapshot's. Rejects with the system's error; what was there before is then still there.
   */
  replace(header: SnapshotHeader, entities: readonly EntityChange[]): Promise<void> {
    return this.#serially(async () => {
      const ended = this.#journals.end();
      // From here on changes have numbers of this snapshot.
      this.#journals.epoch = header.epoch;
      const last = await ended;
      const { generation } = this.#revoked;
      this.#leftOutAt = 0;
      await this.#writeRevocations();
      await this.#writeSnapshot({ ...header, confirmedAt: 0 }, entities);
      this.#writtenGeneration = generation;
      await this.#removeJournals(last);
      this.#journals.forgetPending();
      this.#confirmedOnDisk = 0;
    });
  }

  /** Writes changes, with dense numbers; they are in the kernel's hands when it returns. Failure is logged and kept. */
  append(changes: readonly ChangeEvent[]): void {
    this.#append(changes);
    if (this.#journals.size > Math.max(this.#compactAfter, this.#mergedBytes / 4)) this.#compact();
  }

  /** Writes revocations without numbers, of a snapshot that is still being read, if one of them was news to the set. */
  keep(revocations: readonly EntityChange[]): void {
    if (this.#revoked.generation === this.#writtenGeneration) return;
    this.#append(revocations.map(({ id, value }) => ({ type: 'revoked', id, value: value as Revocation })));
  }

  /** Notes that nothing was missing at this time (milliseconds since the epoch), when everything up to `number` was held. */
  confirm(at: number, number: number): void {
    if (Math.abs(at - this.#confirmedOnDisk) < confirmEvery) return;
    this.#confirmedOnDisk = at;
    this.#append([{ type: 'confirmed', at, number }]);
  }

  /** Resolves when everything is on the disk. */
  async close(): Promise<void> {
    await this.#work;
    await this.#journals.close();
  }

  #append(records: Parameters<Journals['append']>[0]): void {
    this.#writtenGeneration = this.#revoked.generation;
    this.#journals.append(records);
  }

  /** Merges the journals into what was there before. Changes that come meanwhile go to a journal of their own. */
  #compact(): void {
    if (this.#compacting) return;
    this.#compacting = true;
    const merge = async (): Promise<void> => {
      const last = await this.#journals.end();
      const header = await readSnapshotHeader(this.#file);
      if (!header) throw new Error('there is no readable snapshot');
      // All that the journals revoke was added before it was written down.
      const { epoch } = header;
      const { number, at, confirmedAt, changes } = await replayJournals(this.#journals.files(last), header, () => {});
      const damaged = () => {
        throw new Error('the snapshot is damaged');
      };
      await this.#writeRevocations();
      await this.#writeSnapshot({ epoch, number, at, confirmedAt }, this.#merged(changes, damaged));
      await this.#removeJournals(last);
    };
    this.#serially(merge)
      .catch((error: Error) => {
        this.#log.error({ err: error, dir: this.#dir }, 'the journals of the disk copy could not be merged');
        // Not again before they have grown as much again.
        this.#journals.forgetSize();
      })
      .finally(() => {
        this.#compacting = false;
      });
  }

  async #writeRevocations(): Promise<void> {
    // What has no room in memory is only in the journals, or at the source.
    if (this.#revoked.overflowed) throw new Error('memory has no room for all revocations');
    const edition = this.#edition + 1;
    const key = this.#fingerprintKey;
    const now = this.#settled();
    this.#leftOutAt = Math.max(this.#leftOutAt, now);
    await writeRevocations(this.#revocationsFile, { key, edition }, this.#revoked, now);
    this.#edition = edition;
  }

  /** After its revocations: whatever is found beside it later has to be them, or newer ones. */
  #writeSnapshot(
    header: Parameters<typeof writeSnapshotFile>[1],
    entities: Parameters<typeof writeSnapshotFile>[2],
  ): Promise<void> {
    const writtenAt = this.#leftOutAt;
    return writeSnapshotFile(this.#file, { ...header, writtenAt, edition: this.#edition }, entities);
  }

  async #read(): Promise<DiskCopyContent | null> {
    const header = await readSnapshotHeader(this.#file);
    const now = this.#clock.now();
    const apart = await readRevocations(this.#revocationsFile, this.#fingerprintKey, this.#revoked, this.#settled());
    const { writtenAt = 0, edition = 0 } = header ?? {};
    this.#edition = Math.max(apart.edition, edition);
    this.#leftOutAt = writtenAt;
    const hasAll = apart.state === 'whole' && apart.edition >= edition;
    // By a clock that was ahead, revocations may have been left out that count again.
    const inTime = writtenAt <= now + clockDifference;
    const replayed = await replayJournals(this.#journals.files(), header, this.#revoke);
    let usable = header !== null && inTime && (hasAll || header.format === 1);
    let entities: EntityChange[] = [];
    const damaged = () => {
      usable = false;
    };
    for await (const entity of this.#merged(replayed.changes, damaged)) {
      if (entity.kind === 'revocation') this.#revoke(entity);
      else entities.push(entity);
    }
    if (!usable) entities = [];
    const revocations = this.#revoked.size;
    if (!header && revocations === 0 && !existsSync(this.#file)) return null;
    if (!usable || replayed.damaged) {
      this.#log.error(
        { dir: this.#dir, usable, revocations },
        usable
          ? 'the disk copy has damaged journals; it is used up to the first gap, and all of its revocations'
          : 'the disk copy is damaged, of another version, or of a clock that was ahead; only its revocations are used',
      );
    }
    const order = new Map<string, number>(entityKinds.map((kind, at) => [kind, at]));
    entities.sort((a, b) => (order.get(a.kind) ?? order.size) - (order.get(b.kind) ?? order.size));
    return {
      header: header && usable ? { format: 1, epoch: header.epoch, number: replayed.number, at: replayed.at } : null,
      entities,
      revocations,
      lastConfirmedHeadMs: usable && !replayed.damaged ? replayed.confirmedAt : 0,
    };
  }

  readonly #revoke = (change: EntityChange): void => {
    if (change.kind !== 'revocation' || !change.value || this.#revoked.isGone(change.value, this.#settled())) return;
    try {
      this.#revoked.add(change.value);
    } catch (error) {
      // It was refused when it came, too.
      this.#log.error({ err: error, dir: this.#dir }, 'a revocation of the disk copy could not be applied');
    }
  };

  /** The snapshot with changes in the place of what they change. */
  async *#merged(changes: ReadonlyMap<string, EntityChange>, damaged: () => void): AsyncGenerator<EntityChange> {
    const left = new Map(changes);
    for await (const entity of readSnapshotFile(this.#file, damaged)) {
      const id = entityKey(entity);
      const current = left.get(id) ?? entity;
      left.delete(id);
      if (current.value !== null) yield current;
    }
    for (const change of left.values()) if (change.value !== null) yield change;
  }

  async #removeJournals(last: number): Promise<void> {
    await this.#journals.remove(last);
    this.#measure();
  }

  #measure(): void {
    const size = (file: string) => statSync(file, { throwIfNoEntry: false })?.size ?? 0;
    this.#mergedBytes = size(this.#file) + size(this.#revocationsFile);
  }

  #serially<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#work.then(work);
    this.#work = result.catch(() => {});
    return result;
  }
}
