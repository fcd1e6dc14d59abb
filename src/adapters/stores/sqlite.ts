/** The embedded store: one SQLite file in the data folder, by Node's own SQLite. */
import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite';
import { Kysely, type SqliteDatabase, SqliteDialect } from 'kysely';
import type { EntityChange } from '../../core/snapshot.ts';
import { type Clock, systemClock } from '../../platform/clock.ts';
import { appendChanges, openEpoch, SqlChangeLog } from './change-log.ts';
import { migrate, StoreError } from './migrate.ts';
import type { Schema } from './schema.ts';
import type { Store, StoreTransaction } from './store.ts';

/**
 * Opens (and, if need be, creates or migrates) the store in `file`.
 * @throws StoreError if the file is of a newer version, can't be written or is no database.
 */
export async function openSqliteStore(file: string, clock: Clock = systemClock): Promise<Store> {
  const db = new Kysely<Schema>({ dialect: new SqliteDialect({ database: openDatabase(file) }) });
  await migrate(db, file);
  const changes = new SqlChangeLog(db, await openEpoch(db));
  return {
    db,
    changes,
    async transaction<T>(work: (tx: StoreTransaction) => Promise<T>): Promise<T> {
      const recorded: EntityChange[] = [];
      const { result, events } = await db.transaction().execute(async (tx) => {
        const result = await work({ db: tx, record: (change) => void recorded.push(change) });
        return { result, events: recorded.length > 0 ? await appendChanges(tx, recorded, clock) : null };
      });
      if (events) changes.announce(events);
      return result;
    },
    close: () => db.destroy(),
  };
}

const mostPrepared = 500;

/** The part of better-sqlite3's interface that kysely uses, over `node:sqlite`. */
function openDatabase(file: string): SqliteDatabase {
  const database = connect(file);
  // Preparing costs more than most of our statements do, and there are few of them. Lists of many lengths make more, so
  // what was used longest ago goes: a Map keeps the order of insertion.
  const prepared = new Map<string, StatementSync>();
  const prepare = (sql: string): StatementSync => {
    const known = prepared.get(sql);
    if (known) prepared.delete(sql);
    const statement = known ?? database.prepare(sql);
    if (prepared.size >= mostPrepared) prepared.delete(prepared.keys().next().value as string);
    prepared.set(sql, statement);
    return statement;
  };
  return {
    close: () => database.close(),
    prepare(sql) {
      // With the lock from the first statement on, no other process can write between what we read and what we write.
      const statement = prepare(sql === 'begin' ? 'begin immediate' : sql);
      const values = (parameters: readonly unknown[]) => parameters as SQLInputValue[];
      return {
        reader: statement.columns().length > 0,
        all: (parameters) => statement.all(...values(parameters)),
        run: (parameters) => statement.run(...values(parameters)),
        iterate: (parameters) => statement.iterate(...values(parameters)),
      };
    },
  };
}

function connect(file: string): DatabaseSync {
  try {
    const database = new DatabaseSync(file, { timeout: 5000 });
    // FULL: what was answered with 200 has reached the disk, also when the power goes.
    database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;');
    return database;
  } catch (error) {
    throw new StoreError(`${file} can't be used as the store: ${(error as Error).message}`, { cause: error });
  }
}
