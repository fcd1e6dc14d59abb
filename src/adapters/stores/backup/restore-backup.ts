/** Puts the state that a backup has in the place of a store, as a history of its own: gateways load everything anew. */
import { randomBytes } from 'node:crypto';
import { sql, type Transaction } from 'kysely';
import { migrations } from '../migrations/index.ts';
import type { Schema } from '../schema.ts';
import { BackupError, type BackupHeader, filePattern, type Row } from './format.ts';
import type { StorePlace } from './place.ts';
import { readBackup } from './read-backup.ts';
import { tables } from './tables.ts';

export interface BackupContents {
  readonly header: BackupHeader;
  readonly rows: number;
  /** Files of the data folder, by path in it. */
  readonly files: ReadonlyMap<string, Buffer>;
  /** What the store's `meta` says, by key. */
  readonly meta: ReadonlyMap<string, string>;
}

/**
 * Reads a backup to its end, and says what is in it.
 * @throws BackupError if it is damaged, or this version can't restore it
 */
export async function inspectBackup(file: string): Promise<BackupContents> {
  let header: BackupHeader | null = null;
  let rows = 0;
  let table = '';
  const files = new Map<string, Buffer>();
  const meta = new Map<string, string>();
  for await (const line of readBackup(file)) {
    if (line.type === 'header') header = checkHeader(line.header, file);
    else if (line.type === 'file') {
      if (!filePattern.test(line.path)) throw new BackupError(`${file} has a file that is not restored: ${line.path}`);
      files.set(line.path, Buffer.from(line.content, 'base64'));
    } else if (line.type === 'table') {
      table = line.table;
      if (!(tables as string[]).includes(table)) throw new BackupError(`${file} has a table that is unknown: ${table}`);
    } else {
      rows += 1;
      if (table === 'meta') meta.set(String(line.row[0]), String(line.row[1]));
    }
  }
  return { header: header as unknown as BackupHeader, rows, files, meta };
}

function checkHeader(header: BackupHeader, file: string): BackupHeader {
  if (!Array.isArray(header?.migrations) || header.migrations.length === 0) {
    throw new BackupError(`${file} has a header that does not say which store it is of`);
  }
  const unknown = header.migrations.filter((name) => !(name in migrations));
  if (unknown.length === 0) return header;
  throw new BackupError(
    `${file} was written by a newer Postern, ${header.writtenBy} (its store has ${unknown.join(', ')}); restore it with that version`,
  );
}

/**
 * @param finish called with the new store when everything is in it, before it counts
 * @throws BackupError, StoreError
 */
export async function restoreBackup(
  place: StorePlace,
  file: string,
  { header }: BackupContents,
  finish: (db: Transaction<Schema>) => Promise<void>,
  progress: (table: string, rows: number) => void = () => {},
): Promise<void> {
  await place.replace({
    migratedTo: header.migrations.toSorted().at(-1) as string,
    fill: (db) => fill(db, file, progress),
    async finish(db) {
      // Numbers of the old history that were given after the backup mean something else from now on.
      const value = randomBytes(12).toString('base64url');
      const { numUpdatedRows } = await db
        .updateTable('meta')
        .set({ value })
        .where('key', '=', 'epoch')
        .executeTakeFirstOrThrow();
      if (numUpdatedRows === 0n) await db.insertInto('meta').values({ key: 'epoch', value }).execute();
      await finish(db);
    },
  });
}

/** Rows, and characters of them, that are written at once at most. */
const maxRows = 100;
const maxSize = 4_000_000;

async function fill(
  db: Transaction<Schema>,
  file: string,
  progress: (table: string, rows: number) => void,
): Promise<void> {
  let table = '';
  let columns: readonly string[] = [];
  let waiting: Row[] = [];
  let size = 0;
  let count = 0;
  const write = async (): Promise<void> => {
    if (waiting.length === 0) return;
    const values = sql.join(waiting.map((row) => sql`(${sql.join(row)})`));
    const names = sql.join(columns.map((column) => sql.ref(column)));
    await sql`insert into ${sql.table(table)} (${names}) values ${values}`.execute(db);
    count += waiting.length;
    progress(table, count);
    waiting = [];
    size = 0;
  };
  for await (const line of readBackup(file)) {
    if (line.type === 'table') {
      await write();
      ({ table, columns } = line);
      count = 0;
      // Migrations put something into some.
      await sql`delete from ${sql.table(table)}`.execute(db);
    } else if (line.type === 'row') {
      waiting.push(line.row);
      for (const cell of line.row) if (typeof cell === 'string') size += cell.length;
      if (waiting.length >= maxRows || size >= maxSize) await write();
    }
  }
  await write();
}
