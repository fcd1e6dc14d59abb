/**
 * The gateway's copy on disk of all it knows: what it starts from when nothing else can be reached, and why a token
 * that was revoked stays so when the gateway is killed.
 *
 * In its folder are `snapshot.ndjson` and journals of the changes since, `journal-1.log`, `journal-2.log`, …; a new one
 * is begun at each start and each snapshot. When the journals have grown they are merged into a new snapshot, while
 * changes go to the next journal; they are removed only when that snapshot is safe. Whatever happens in between, the
 * numbers tell which lines are news.
 */
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { ChangeEvent } from '../../core/events.ts';
import type { Revocation } from '../../core/revocation.ts';
import { type EntityChange, entityKinds, type SnapshotHeader } from '../../core/snapshot.ts';
import { type Clock, systemClock } from '../../platform/clock.ts';
import { syncFolder } from '../../platform/durable-file.ts';
import { type Log, silentLog } from '../../platform/log.ts';
import { OperatorError } from '../../platform/operator-error.ts';
import { Journal, type JournalRecord, readJournal } from './journal.ts';
import { type DiskHeader, readSnapshotFile, readSnapshotHeader, writeSnapshotFile } from './snapshot-file.ts';

export interface DiskCopyOptions {
  readonly clock?: Clock;
  readonly log?: Log;
  /** Bytes of journals, at least, before they are merged; more when the snapshot is large. Default 4 MiB. */
  readonly compactAfter?: number;
}

export interface DiskCopyContent {
  /** Where to go on from. null: the copy is damaged and a snapshot is needed; `entities` are its revocations. */
  readonly header: SnapshotHeader | null;
  /** In the order of `entityKinds`. */
  readonly entities: readonly EntityChange[];
  /** When it was last certain that nothing was missing, to within `confirmEvery`; 0 = not known. */
  readonly lastConfirmedHeadMs: number;
}

/** The folder can't be used; the message names it. */
export class DiskCopyError extends OperatorError {
  override name = 'DiskCopyError';
}

/** Milliseconds between confirmations on disk: staleness after a restart is overstated by so much at most. */
const confirmEvery = 5000;
/** Milliseconds that a revocation is kept after the last token that it means has expired. */
const keepExpired = 3_600_000;
/** Changes that are held back while the disk takes nothing. */
const maxPending = 100_000;

export class DiskCopy {
  readonly #dir: string;
  readonly #file: string;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #compactAfter: number;
  /** Number of the newest journal. */
  #generation: number;
  /** null: the next change begins one. */
  #journal: Journal | null = null;
  #epoch = '';
  /** What could not be written yet; it goes before what comes next. */
  #pending: JournalRecord[] = [];
  #confirmedOnDisk = 0;
  /** Bytes of journals that are not in use any more, and of the snapshot. */
  #journalBytes = 0;
  #snapshotBytes = 0;
  #compacting = false;
  /** Whatever reads or replaces whole files, one after the other. */
  #work: Promise<unknown> = Promise.resolve();
  #failure: string | null = null;

  /** Makes the folder if need be. @throws DiskCopyError */
  constructor(dir: string, options: DiskCopyOptions = {}) {
    this.#dir = dir;
    this.#file = join(dir, 'snapshot.ndjson');
    this.#clock = options.clock ?? systemClock;
    this.#log = options.log ?? silentLog;
    this.#compactAfter = options.compactAfter ?? 4 * 1024 * 1024;
    try {
      mkdirSync(dir, { recursive: true, mode: 0o700 });
      this.#generation = this.#generations().at(-1) ?? 0;
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
    return this.#failure;
  }

  /** What is there, or null. Call it before the first `append`. */
  load(): Promise<DiskCopyContent | null> {
    return this.#serially(async () => {
      const content = await this.#read();
      this.#epoch = content?.header?.epoch ?? '';
      this.#measure();
      return content;
    });
  }

  /** The revocations that are on disk, without those that have expired. */
  async revocations(): Promise<EntityChange[]> {
    const content = await this.#serially(() => this.#read());
    return (content?.entities ?? []).filter((entity) => entity.kind === 'revocation');
  }

  /** Takes a snapshot in place of everything. Rejects with the system's error; the copy before is then still there. */
  replace(header: SnapshotHeader, entities: readonly EntityChange[]): Promise<void> {
    return this.#serially(async () => {
      const last = this.#endJournal();
      // From here on changes have numbers of this snapshot.
      this.#epoch = header.epoch;
      await writeSnapshotFile(this.#file, { ...header, confirmedAt: 0 }, entities);
      await this.#removeJournals(last);
      this.#pending = [];
      this.#confirmedOnDisk = 0;
      this.#failure = null;
    });
  }

  /** Writes changes, with dense numbers; they are in the kernel's hands when it returns. Failure is logged and kept. */
  append(changes: readonly ChangeEvent[]): void {
    this.#append(changes);
    const journals = this.#journalBytes + (this.#journal?.size ?? 0);
    if (journals > Math.max(this.#compactAfter, this.#snapshotBytes / 4)) this.#compact();
  }

  /** Notes that nothing was missing at this time (milliseconds since the epoch). */
  confirm(at: number): void {
    if (Math.abs(at - this.#confirmedOnDisk) < confirmEvery) return;
    this.#confirmedOnDisk = at;
    this.#append([{ type: 'confirmed', at }]);
  }

  /** Resolves when everything is on the disk. */
  async close(): Promise<void> {
    await this.#work;
    this.#endJournal();
  }

  #append(records: readonly JournalRecord[]): void {
    try {
      this.#pending.push(...records);
      this.#journal ??= this.#beginJournal();
      this.#journal.append(this.#pending);
      this.#pending = [];
      if (this.#failure) this.#log.info({ dir: this.#dir }, 'the disk copy can be written again');
      this.#failure = null;
    } catch (error) {
      if (!this.#failure) this.#log.error({ err: error, dir: this.#dir }, 'the disk copy could not be written');
      this.#failure = (error as Error).message;
      // Memory has an end. A later start notices the gap by the numbers.
      if (this.#pending.length > maxPending) this.#pending = [];
    }
  }

  #beginJournal(): Journal {
    this.#generation += 1;
    const journal = new Journal(this.#journalFile(this.#generation), this.#epoch);
    syncFolder(this.#dir);
    return journal;
  }

  /** Closes the journal in use; the next change begins another. Returns the number of the newest. */
  #endJournal(): number {
    this.#journalBytes += this.#journal?.size ?? 0;
    this.#journal?.close();
    this.#journal = null;
    return this.#generation;
  }

  /** Merges the journals into the snapshot. Changes that come meanwhile go to a journal of their own. */
  #compact(): void {
    if (this.#compacting) return;
    this.#compacting = true;
    const merge = async (): Promise<void> => {
      const last = this.#endJournal();
      const header = await readSnapshotHeader(this.#file);
      if (!header) throw new Error('there is no readable snapshot');
      const { number, confirmedAt, changes } = this.#replay(header, last);
      const damaged = () => {
        throw new Error('the snapshot is damaged');
      };
      await writeSnapshotFile(this.#file, { ...header, number, confirmedAt }, this.#merged(changes, damaged));
      await this.#removeJournals(last);
    };
    this.#serially(merge)
      .catch((error: Error) => {
        this.#log.error({ err: error, dir: this.#dir }, 'the journals of the disk copy could not be merged');
        // Not again before they have grown as much again.
        this.#journalBytes = 0;
      })
      .finally(() => {
        this.#compacting = false;
      });
  }

  async #read(): Promise<DiskCopyContent | null> {
    const header = await readSnapshotHeader(this.#file);
    const replayed = this.#replay(header, this.#generation);
    let usable = header !== null;
    let entities: EntityChange[] = [];
    const damaged = () => {
      usable = false;
    };
    for await (const entity of this.#merged(replayed.changes, damaged)) entities.push(entity);
    if (!usable) entities = entities.filter((entity) => entity.kind === 'revocation');
    if (!header && entities.length === 0 && !existsSync(this.#file)) return null;
    if (!usable || replayed.damaged) {
      this.#log.error(
        { dir: this.#dir, usable, revocations: entities.filter(({ kind }) => kind === 'revocation').length },
        usable
          ? 'the disk copy has damaged journals; it is used up to the first gap, and all of its revocations'
          : 'the disk copy is damaged or of another version; only its revocations are used',
      );
    }
    const order = new Map<string, number>(entityKinds.map((kind, at) => [kind, at]));
    entities.sort((a, b) => (order.get(a.kind) ?? order.size) - (order.get(b.kind) ?? order.size));
    return {
      header: header && usable ? { format: 1, epoch: header.epoch, number: replayed.number } : null,
      entities,
      lastConfirmedHeadMs: usable && !replayed.damaged ? replayed.confirmedAt : 0,
    };
  }

  /**
   * What the journals up to a generation change in a snapshot. Only numbers that follow one another count, except for
   * revocations: those deny, and may do so whatever is missing before them.
   */
  #replay(header: DiskHeader | null, last: number) {
    const changes = new Map<string, EntityChange>();
    let { number, confirmedAt } = header ?? { number: 0, confirmedAt: 0 };
    let damaged = false;
    for (const generation of this.#generations().filter((generation) => generation <= last)) {
      const journal = readJournal(this.#journalFile(generation));
      damaged ||= journal.damaged;
      // Of another epoch: the snapshot that it belongs to could not be written.
      const follows = header !== null && journal.header?.epoch === header.epoch;
      for (const record of journal.records) {
        if (record.type === 'confirmed') {
          if (follows) confirmedAt = Math.max(confirmedAt, record.at);
          continue;
        }
        if (follows && record.number <= number) continue;
        const next = follows && record.number === number + 1;
        if (next) number += 1;
        else if (follows) damaged = true;
        // A revocation is never taken back.
        if (record.kind === 'revocation' ? record.value !== null : next) {
          const { kind, id, value } = record;
          changes.set(key(record), { kind, id, value } as EntityChange);
        }
      }
    }
    return { changes, number, confirmedAt, damaged };
  }

  /** The snapshot with changes in the place of what they change; without what has expired. */
  async *#merged(changes: Map<string, EntityChange>, damaged: () => void): AsyncGenerator<EntityChange> {
    const now = this.#clock.now();
    const left = new Map(changes);
    for await (const entity of readSnapshotFile(this.#file, damaged)) {
      const id = key(entity);
      const current = left.get(id) ?? entity;
      left.delete(id);
      if (current.value !== null && !expired(current, now)) yield current;
    }
    for (const change of left.values()) if (change.value !== null && !expired(change, now)) yield change;
  }

  async #removeJournals(last: number): Promise<void> {
    const old = this.#generations().filter((generation) => generation <= last);
    for (const generation of old) await rm(this.#journalFile(generation));
    this.#measure();
  }

  #measure(): void {
    const size = (file: string) => statSync(file, { throwIfNoEntry: false })?.size ?? 0;
    this.#snapshotBytes = size(this.#file);
    const old = this.#generations().map((generation) => this.#journalFile(generation));
    this.#journalBytes = old.filter((file) => file !== this.#journal?.file).reduce((sum, file) => sum + size(file), 0);
  }

  #journalFile(generation: number): string {
    return join(this.#dir, `journal-${generation}.log`);
  }

  /** Numbers of the journals that there are, in order. */
  #generations(): number[] {
    const numbers = readdirSync(this.#dir).map((name) => Number(/^journal-(\d+)\.log$/.exec(name)?.[1]));
    return numbers.filter((number) => !Number.isNaN(number)).sort((a, b) => a - b);
  }

  #serially<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#work.then(work);
    this.#work = result.catch(() => {});
    return result;
  }
}

function key({ kind, id }: EntityChange): string {
  return `${kind}|${id}`;
}

function expired(entity: EntityChange, now: number): boolean {
  return entity.kind === 'revocation' && (entity.value as Revocation).expires * 1000 + keepExpired < now;
}
