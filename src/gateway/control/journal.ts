/**
 * The journal of the disk copy: changes since the snapshot, one a line with its checksum, appended only.
 *
 * A line is written by one system call before the next event is handled, so the end of the process loses none; it is
 * forced to the disk about once a second, which bounds what the end of the machine can lose.
 */
import { closeSync, fdatasync, fdatasyncSync, ftruncateSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { crc32 } from 'node:zlib';
import type { ChangeEvent } from '../../core/events.ts';

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
}

export type JournalRecord = JournalHeader | ChangeEvent | Confirmation;

/** Milliseconds between writing and forcing to the disk. */
const syncAfter = 1000;

export class Journal {
  readonly file: string;
  readonly #handle: number;
  #size = 0;
  #timer: NodeJS.Timeout | undefined;

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

  close(): void {
    clearTimeout(this.#timer);
    fdatasyncSync(this.#handle);
    closeSync(this.#handle);
  }

  #sync(): void {
    this.#timer = undefined;
    // Nobody waits for it, and what it could report the next write will.
    fdatasync(this.#handle, () => {});
  }
}

export interface JournalContent {
  /** null: the first line can't be read. */
  readonly header: JournalHeader | null;
  readonly records: readonly (ChangeEvent | Confirmation)[];
  /** A line in the middle can't be read. At the end it is only torn: the power failed while it was written. */
  readonly damaged: boolean;
}

export function readJournal(file: string): JournalContent {
  const lines = readFileSync(file, 'utf8').split('\n');
  lines.pop();
  const all = lines.map(parse);
  const lastGood = all.findLastIndex((record) => record !== null);
  const [header, ...records] = all.slice(0, lastGood + 1);
  return {
    header: header?.type === 'journal' && header.format === 1 ? header : null,
    records: records.filter((record) => record?.type === 'change' || record?.type === 'confirmed'),
    damaged: records.includes(null) || header === null,
  };
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
