/** A store that is a SQLite file. A new one is made beside it, and then renamed. */
import { existsSync, renameSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { type Kysely, sql, type Transaction } from 'kysely';
import { syncFolder } from '../../../platform/durable-file.ts';
import { migrate, StoreError } from '../migrate.ts';
import type { Schema } from '../schema.ts';
import { openSqliteDatabase } from '../sqlite.ts';
import type { Cell, Row } from './format.ts';
import { leap, pageSize, type Replacement, type StorePlace, type StoreView } from './place.ts';

export function sqlitePlace(file: string): StorePlace {
  return {
    engine: 'sqlite',
    name: file,
    isEmpty: async () => !existsSync(file),
    async read(work) {
      if (!existsSync(file))
        throw new StoreError(`there is no store ${file}; one in a database is named by --config or --store.url`);
      const db = openSqliteDatabase(file, { readOnly: true });
      try {
        await db.transaction().execute((tx) => work(viewOf(tx)));
      } finally {
        await db.destroy();
      }
    },
    async replace(work) {
      const draft = `${file}.restoring`;
      removeDatabase(draft);
      try {
        await fillDraft(draft, work);
        await takePlace(draft, file);
      } finally {
        removeDatabase(draft);
      }
    },
    close: async () => {},
  };
}

function viewOf(db: Transaction<Schema>): StoreView {
  return {
    db,
    async *pages(table, columns) {
      const limit = pageSize(table);
      const wanted = sql.join(columns.map((column) => sql.ref(column)));
      for (let last = 0; ; ) {
        const { rows } = await sql<Record<string, Cell> & { postern_row: number }>`
          select rowid as postern_row, ${wanted} from ${sql.table(table)}
          where rowid > ${last} order by rowid limit ${limit}`.execute(db);
        if (rows.length > 0) yield rows.map((row): Row => columns.map((column) => row[column] as Cell));
        if (rows.length < limit) return;
        last = rows.at(-1)?.postern_row as number;
      }
    },
  };
}

async function fillDraft(draft: string, { migratedTo, fill, finish }: Replacement): Promise<void> {
  const db = openSqliteDatabase(draft);
  try {
    await migrate(db, draft, migratedTo);
    await db.transaction().execute(fill);
    await migrate(db, draft);
    await db.transaction().execute(async (tx) => {
      await leapAhead(tx);
      await finish(tx);
    });
  } finally {
    // The last one who closes it moves everything into the one file.
    await db.destroy();
  }
}

async function leapAhead(tx: Transaction<Schema>): Promise<void> {
  const { rows } = await sql<{ name: string; seq: number | null }>`
    select t.name, s.seq from sqlite_schema t left join sqlite_sequence s on s.name = t.name
    where t.type = 'table' and t.sql like '%AUTOINCREMENT%'`.execute(tx);
  for (const { name, seq } of rows) {
    await sql`delete from sqlite_sequence where name = ${name}`.execute(tx);
    await sql`insert into sqlite_sequence (name, seq) values (${name}, ${(seq ?? 0) + leap})`.execute(tx);
  }
}

async function takePlace(draft: string, file: string): Promise<void> {
  if (existsSync(file)) await settle(file);
  // A log that is left from another file would be read as this one's.
  for (const rest of ['-wal', '-shm']) rmSync(file + rest, { force: true });
  renameSync(draft, file);
  syncFolder(dirname(file));
}

/** Moves what is in the log of the old file into it, so that it is whole as long as it is there. */
async function settle(file: string): Promise<void> {
  let db: Kysely<Schema> | undefined;
  try {
    db = openSqliteDatabase(file);
    await sql`pragma wal_checkpoint(truncate)`.execute(db);
  } catch {
    // A damaged one is what backups are for.
  } finally {
    await db?.destroy();
  }
}

function removeDatabase(file: string): void {
  for (const rest of ['', '-wal', '-shm', '-journal']) rmSync(file + rest, { force: true });
}
