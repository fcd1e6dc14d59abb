/**
 * The snapshot of the disk copy: the lines of a snapshot as everywhere (`core/snapshot.ts`) but for its revocations, which
 * are in a file of their own (`revocations-file.ts`), the last one with their count and checksum.
 */
import { createReadStream } from 'node:fs';
import { crc32 } from 'node:zlib';
import type { EntityChange, SnapshotHeader } from '../../core/snapshot.ts';
import { replaceFileAside } from '../../platform/durable-file.ts';
import { LineSplitter } from '../../platform/line-splitter.ts';

export interface DiskHeader extends Omit<SnapshotHeader, 'format'> {
  /** 2: the revocations are in their own file, which has to be there. 1: they are lines of this one, as once they were. */
  readonly format: 1 | 2;
  /** When it was last certain that nothing was missing; milliseconds since the epoch. */
  readonly confirmedAt: number;
  /** The latest time by which revocations were left out beside it as gone; milliseconds since the epoch, 0 = none were. */
  readonly writtenAt?: number;
  /** The edition that the file of revocations must have, or a later one. */
  readonly edition?: number;
}

interface End {
  readonly type: 'end';
  readonly count: number;
  /** CRC-32 of all lines before. */
  readonly crc32: number;
}

const maxLine = 16 * 1024 * 1024;
/** Characters written at once. */
const pieceSize = 256 * 1024;

/** Puts a snapshot in the place of the one before, without its revocations; a crash leaves one or the other. */
export async function writeSnapshotFile(
  file: string,
  header: Omit<DiskHeader, 'format'>,
  entities: Iterable<EntityChange> | AsyncIterable<EntityChange>,
): Promise<void> {
  await replaceFileAside(file, async (handle) => {
    const { epoch, number, at, confirmedAt, writtenAt, edition } = header;
    let count = 0;
    let sum = 0;
    let piece = `${JSON.stringify({ format: 2, epoch, number, at, confirmedAt, writtenAt, edition } as DiskHeader)}\n`;
    const flush = async () => {
      sum = crc32(piece, sum);
      await handle.writeFile(piece);
      piece = '';
    };
    for await (const { kind, id, value } of entities) {
      if (kind === 'revocation') continue;
      piece += `${JSON.stringify({ kind, id, value })}\n`;
      count += 1;
      if (piece.length >= pieceSize) await flush();
    }
    await flush();
    await handle.writeFile(`${JSON.stringify({ type: 'end', count, crc32: sum } satisfies End)}\n`);
  });
}

/** The header; null if there is no snapshot, or its first line is none that this version can read. */
export async function readSnapshotHeader(file: string): Promise<DiskHeader | null> {
  for await (const lines of readLines(file)) {
    const header = parse(lines[0] ?? '') as unknown as Partial<DiskHeader> | null;
    const { format, epoch, number, confirmedAt } = header ?? {};
    const readable = (format === 1 || format === 2) && typeof epoch === 'string' && Number.isSafeInteger(number);
    return readable && Number.isFinite(confirmedAt) ? (header as DiskHeader) : null;
  }
  return null;
}

/**
 * The entities of a snapshot. A line that can't be read is left out. `damaged` is called, before the end, if the
 * snapshot is not what was written.
 */
export async function* readSnapshotFile(file: string, damaged: () => void): AsyncGenerator<EntityChange> {
  let sum = 0;
  let count = -1; // The header is no entity.
  let end: End | null = null;
  for await (const lines of readLines(file)) {
    for (const line of lines) {
      const record = parse(line);
      if (record && 'type' in record) {
        end = record;
        continue;
      }
      sum = crc32(`${line}\n`, sum);
      count += 1;
      if (count > 0 && record && 'kind' in record) yield record;
    }
  }
  if (end?.count !== count || end.crc32 !== sum) damaged();
}

async function* readLines(file: string): AsyncGenerator<string[]> {
  const splitter = new LineSplitter(maxLine, true);
  try {
    for await (const chunk of createReadStream(file, { highWaterMark: pieceSize })) {
      const lines = splitter.push(chunk as Buffer);
      if (lines.length > 0) yield lines;
    }
  } catch (error) {
    // No file, no lines. A file that is no lines ends where they end; its checksum tells.
    const { code, name } = error as NodeJS.ErrnoException;
    if (code !== 'ENOENT' && name !== 'LineError') throw error;
  }
}

function parse(line: string): EntityChange | End | null {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' ? (value as EntityChange | End | null) : null;
  } catch {
    return null;
  }
}
