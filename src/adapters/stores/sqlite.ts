/** The embedded store: one SQLite file in the data folder, by Node's own SQLite. */
import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite';
import { type Driver, Kysely, SqliteAdapter, type SqliteDatabase, SqliteDialect } from 'kysely';
import { type Clock, systemClock } from '../../platform/clock.ts';
import type { Engine } from './engine.ts';
import { StoreError } from './migrate.ts';
import { oneAtATime, refusingInside } from './one-writer.ts';
import type { Schema } from './schema.ts';
import { openSqlStore } from './sql-store.ts';
import type { Store } from './store.ts';
import { WriteHealth } from './write-health.ts';

/**
 * Opens (and, if need be, creates or migrates) the store in `file`.
 * @throws StoreError if the file is of a newer version, can't be written or is no database.
 */
export async function openSqliteStore(file: string, clock: Clock = systemClock): Promise<Store> {
  const health = new WriteHealth();
  const store = await openSqlStore(openSqliteDatabase(file, { health }), engineOf(file), clock, file);
  return { ...store, writeProblem: () => health.problemOf(store) };
}

/**
 * The database beneath a store, as it is.
 * @param health is told of writes that fail
 * @param readOnly each transaction sees the state at its first statement, and keeps no writer out
 * @throws StoreError
 */
export function openSqliteDatabase(
  file: string,
  { readOnly = false, health = new WriteHealth() } = {},
): Kysely<Schema> {
  const database = readOnly ? reader(file) : openDatabase(file, health);
  return new Kysely<Schema>({ dialect: new OneWriterDialect({ database }) });
}

const engineOf = (file: string): Engine => ({
  // `begin immediate` has taken it.
  takeTurn: async () => {},
  // Who else has the file open asks for its head now and then.
  tell: async () => {},
  history: async () => '',
  async openRead(db) {
    const own = file === ':memory:' ? null : openSqliteDatabase(file, { readOnly: true });
    const reading = await (own ?? db).startTransaction().execute();
    return {
      db: reading,
      async end() {
        await reading.rollback().execute();
        await own?.destroy();
      },
    };
  },
});

function reader(file: string): SqliteDatabase {
  return statements(connect(file, true), 'begin', new WriteHealth());
}

class OneWriterDialect extends SqliteDialect {
  override createDriver(): Driver {
    return refusingInside(oneAtATime(super.createDriver()));
  }

  override createAdapter(): SqliteAdapter {
    return new (class extends SqliteAdapter {
      override get supportsMultipleConnections(): boolean {
        return true;
      }
    })();
  }
}

const mostPrepared = 500;

interface Prepared {
  readonly statement: StatementSync;
  /** Whether it has rows to give. */
  readonly reader: boolean;
}

const readerOrNot = (statement: StatementSync): Prepared => ({ statement, reader: statement.columns().length > 0 });

/** The part of better-sqlite3's interface that kysely uses, over `node:sqlite`. */
function openDatabase(file: string, health: WriteHealth): SqliteDatabase {
  // With the lock from the first statement on, no other process can write between what we read and what we write.
  return statements(connect(file, false), 'begin immediate', health);
}

function statements(database: DatabaseSync, begin: string, health: WriteHealth): SqliteDatabase {
  // Preparing costs more than most of our statements do, and there are few of them. Lists of many lengths make more, so
  // what was used longest ago goes: a Map keeps the order of insertion.
  const prepared = new Map<string, Prepared>();
  const prepare = (sql: string): Prepared => {
    const known = prepared.get(sql);
    if (known) {
      // In half of the places nothing is forgotten, so the order does not matter yet.
      if (prepared.size < mostPrepared / 2) return known;
      prepared.delete(sql);
    }
    const statement = known ?? readerOrNot(database.prepare(sql));
    if (prepared.size >= mostPrepared) prepared.delete(prepared.keys().next().value as string);
    prepared.set(sql, statement);
    return statement;
  };
  return {
    close: () => database.close(),
    prepare(sql) {
      const { statement, reader } = prepare(sql === 'begin' ? begin : sql);
      const values = (parameters: readonly unknown[]) => parameters as SQLInputValue[];
      // When the disk is full SQLite has rolled back by itself; another error would take the place of the one that says so.
      const isDone = () => sql === 'rollback' && !database.isTransaction;
      return {
        reader,
        all: (parameters) => health.watch(() => statement.all(...values(parameters))),
        run: (parameters) =>
          isDone() ? { changes: 0, lastInsertRowid: 0 } : health.watch(() => statement.run(...values(parameters))),
        iterate: (parameters) => statement.iterate(...values(parameters)),
      };
    },
  };
}

function connect(file: string, readOnly: boolean): DatabaseSync {
  try {
    const database = new DatabaseSync(file, { timeout: 5000, readOnly });
    if (readOnly) return database;
    // FULL: what was answered with 200 has reached the disk, also when the power goes.
    database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;');
    return database;
  } catch (error) {
    throw new StoreError(`${file} can't be used as the store: ${(error as Error).message}`, { cause: error });
  }
}
