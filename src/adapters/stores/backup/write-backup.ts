/** Writes a backup: one state of a store, while it is in use. The file is there when it is whole, and not before. */
import { createHash, randomBytes } from 'node:crypto';
import { createWriteStream, existsSync, linkSync, renameSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import type { Transaction } from 'kysely';
import { syncFolder } from '../../../platform/durable-file.ts';
import { headNumber } from '../change-log.ts';
import { appliedMigrations } from '../migrate.ts';
import type { Schema } from '../schema.ts';
import {
  type BackupEnd,
  BackupError,
  type BackupHeader,
  type BackupLine,
  formatName,
  formatVersion,
} from './format.ts';
import type { StorePlace, StoreView } from './place.ts';
import { tables } from './tables.ts';

export interface WriteBackupOptions {
  /** Takes the place of a file that is there. */
  readonly force: boolean;
  /** Version of this Postern. */
  readonly writtenBy: string;
  /** Files of the data folder that go with it, by path in it. */
  readonly files: readonly { readonly path: string; readonly content: Buffer }[];
  readonly now: () => number;
  /** Told now and then how many rows of which table are written. */
  readonly progress?: (table: string, rows: number) => void;
}

export interface WrittenBackup {
  readonly header: BackupHeader;
  readonly rows: number;
}

/** @throws BackupError, StoreError */
export async function writeBackup(
  place: StorePlace,
  file: string,
  options: WriteBackupOptions,
): Promise<WrittenBackup> {
  const taken = `${file} is there already; --force replaces it`;
  if (existsSync(file) && !options.force) throw new BackupError(taken);
  const draft = `${file}.${process.pid}-${randomBytes(4).toString('hex')}.tmp`;
  let written: WrittenBackup | undefined;
  try {
    await place.read(async (view) => {
      const header = await headerOf(view.db, place, options);
      const text = textOf(view, header, options, (rows) => {
        written = { header, rows };
      });
      const out = createWriteStream(draft, { flags: 'wx', mode: 0o600, flush: true });
      await pipeline(Readable.from(text), createGzip(), out);
    });
    if (options.force) renameSync(draft, file);
    else linkSync(draft, file);
    syncFolder(dirname(file));
    return written as WrittenBackup;
  } catch (error) {
    const { code, message, syscall } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST') throw new BackupError(taken);
    if (code === 'ENOENT' && !existsSync(dirname(file))) {
      throw new BackupError(`${file} can't be written: there is no folder ${dirname(file)}`);
    }
    if (syscall !== undefined) throw new BackupError(`${file} can't be written: ${message}`, { cause: error });
    throw error;
  } finally {
    if (existsSync(draft)) rmSync(draft);
  }
}

async function headerOf(
  db: Transaction<Schema>,
  { engine }: StorePlace,
  { writtenBy, now }: WriteBackupOptions,
): Promise<BackupHeader> {
  // The first read fixes the state: what is decided later than this time is not in it.
  const atMs = now();
  const number = await headNumber(db);
  const epoch = await db.selectFrom('meta').select('value').where('key', '=', 'epoch').executeTakeFirst();
  return {
    format: formatName,
    version: formatVersion,
    writtenBy,
    atMs,
    engine,
    migrations: await appliedMigrations(db),
    epoch: epoch?.value ?? '',
    number,
  };
}

/** Characters written at once. */
const pieceSize = 64 * 1024;

async function* textOf(
  view: StoreView,
  header: BackupHeader,
  options: WriteBackupOptions,
  done: (rows: number) => void,
): AsyncGenerator<string> {
  const hash = createHash('sha256');
  let piece = '';
  const line = (value: BackupLine | BackupEnd): void => {
    piece += `${JSON.stringify(value)}\n`;
  };
  const take = (): string => {
    const text = piece;
    hash.update(text);
    piece = '';
    return text;
  };
  let total = 0;
  line({ type: 'header', header });
  for (const { path, content } of options.files) line({ type: 'file', path, content: content.toString('base64') });
  for (const { table, columns } of await tablesOf(view.db)) {
    line({ type: 'table', table, columns });
    let count = 0;
    for await (const rows of view.pages(table, columns)) {
      for (const row of rows) {
        for (const cell of row) checkCell(cell, table);
        line({ type: 'row', row });
      }
      count += rows.length;
      options.progress?.(table, count);
      if (piece.length >= pieceSize) yield take();
    }
    total += count;
  }
  yield take();
  line({ rows: total, sha256: hash.copy().digest('hex') });
  yield piece;
  done(total);
}

/** The tables that this store has, with their columns. */
async function tablesOf(db: Transaction<Schema>): Promise<{ table: string; columns: string[] }[]> {
  const here = await db.introspection.getTables();
  const columns = new Map(here.map((table) => [table.name, table.columns.map(({ name }) => name)]));
  return tables.flatMap((table) => {
    const found = columns.get(table);
    return found ? [{ table, columns: found }] : [];
  });
}

function checkCell(cell: unknown, table: string): void {
  if (cell === null || typeof cell === 'string' || Number.isSafeInteger(cell)) return;
  throw new Error(`table ${table} holds a ${typeof cell} that backups have no form for`);
}
