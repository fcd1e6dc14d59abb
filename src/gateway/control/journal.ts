/**
 * The journal of the disk copy: changes since the snapshot, one a line with its checksum, appended only.
 *
 * A line is written by one system call before the next event is handled, so the end of the process loses none; it is
 * forced to the disk about once a second, which bounds what the end of the machine can lose.
 */
import { closeSync, createReadStream, fdatasync, ftruncateSync, openSync, rmSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { promisify } from 'node:util';
import { crc32 } from 'node:zlib';
import type { ChangeEvent } from '../../core/events.ts';
import type { Revocation } from '../../core/revocation.ts';
import { syncFolderAside } from '../../platform/durable-file.ts';
import { LineError, LineSplitter } from '../../platform/line-splitter.ts';

/** First line of a journal. */
export interface JournalHeader {
  readonly type: 'journal';
  /** Version of this form. */
  readonly format: 1;
  /** Epoch of the numbers in it. */
  readonly epoch: string;
}

/** A head was seen when everything up to it was held; milliseconds since the epoch. */
export interface Confirmation {
  readonly type: 'confirmed';
  readonly at: number;
  /** The number that was held; absent = not said. */
  readonly number?: number;
}

/** A revocation that has no number yet: the snapshot that it came with is not on disk. */
export interface Revoked {
  readonly type: 'revoked';
  readonly id: string;
  readonly value: Revocation;
}

export type JournalRecord = JournalHeader | ChangeEvent | Confirmation | Revoked;

/** Milliseconds between writing and forcing to the disk. */
const syncAfter = 1000;
/** Bytes of a change at most. */
const maxLine = 16 * 1024 * 1024;
/** Bytes read at once: some milliseconds of work. */
const pieceSize = 64 * 1024;

const forceToDisk = promisify(fdatasync);

export class Journal {
  readonly file: string;
  readonly #handle: number;
  #size = 0;
  #timer: NodeJS.Timeout | undefined;
  #syncing: Promise<void> | undefined;
  #nameSynced = false;

  /** Makes the file. @throws the system's error, also if there is one; then nothing was made */
  constructor(file: string, epoch: string) {
    this.file = file;
    this.#handle = openSync(file, 'ax', 0o600);
    try {
      this.append([{ type: 'journal', format: 1, epoch }]);
    } catch (error) {
      closeSync(this.#handle);
      rmSync(file, { force: true });
      throw error;
    }
  }

  /** Bytes in the file. */
  get size(): number {
    return this.#size;
  }

  /** Has reached the kernel when it returns; nothing was written if it throws the system's error. */
  append(records: readonly JournalRecord[]): void {
    const bytes = Buffer.from(records.map(format).join(''));
    try {
      for (let written = 0; written < bytes.length; ) written += writeSync(this.#handle, bytes, written);
    } catch (error) {
      // Half a line must not be the beginning of the next.
      ftruncateSync(this.#handle, this.#size);
      throw error;
    }
    this.#size += bytes.length;
    this.#timer ??= setTimeout(() => this.#sync(), syncAfter).unref();
  }

  /** Nothing may be appended from now on. Resolves when everything is on the disk. */
  async close(): Promise<void> {
    clearTimeout(this.#timer);
    await this.#syncing;
    try {
      await forceToDisk(this.#handle);
    } finally {
      closeSync(this.#handle);
    }
  }

  #sync(): void {
    this.#timer = undefined;
    // Nobody waits for it, and what it could report the next write will.
    this.#syncing = Promise.all([forceToDisk(this.#handle), this.#syncName()]).then(
      () => {},
      () => {},
    );
  }

  /** That there is such a file has to survive too. */
  async #syncName(): Promise<void> {
    if (!this.#nameSynced) await syncFolderAside(dirname(this.file));
    this.#nameSynced = true;
  }
}

/**
 * The lines of a journal in order, some at a time; null stands for one that can't be read. The last ones that can't be
 * read are left out: they are only torn, because the power failed while they were written.
 */
export async function* readJournal(file: string): AsyncGenerator<readonly (JournalRecord | null)[]> {
  const splitter = new LineSplitter(maxLine, true);
  const unreadable: null[] = [];
  try {
    for await (const chunk of createReadStream(file, { highWaterMark: pieceSize })) {
      const records: (JournalRecord | null)[] = [];
      for (const line of splitter.push(chunk as Buffer)) {
        const record = parse(line);
        if (record) records.push(...unreadable.splice(0), record);
        else unreadable.push(null);
      }
      yield records;
    }
  } catch (error) {
    if (!(error instanceof LineError)) throw error;
    // No journal is like that, not even one that is torn.
    yield [null];
  }
}

function format(record: JournalRecord): string {
  const text = JSON.stringify(record);
  return `${checksum(text)} ${text}\n`;
}

function parse(line: string): JournalRecord | null {
  const text = line.slice(9);
  if (line.slice(0, 9) !== `${checksum(text)} `) return null;
  return JSON.parse(text) as JournalRecord;
}

function checksum(text: string): string {
  return crc32(text).toString(16).padStart(8, '0');
}
