/** The store for several nodes: a PostgreSQL database that key managers and control planes share. */
import { randomUUID } from 'node:crypto';
import { type Driver, Kysely, PostgresDialect, sql, type Transaction } from 'kysely';
import { type Clock, systemClock } from '../../platform/clock.ts';
import { type EventLog, silentLog } from '../../platform/log.ts';
import type { Engine } from './engine.ts';
import { StoreError } from './migrate.ts';
import { refusingInside } from './one-writer.ts';
import { listen } from './postgresql/listener.ts';
import { openPool, type PoolListener } from './postgresql/pool.ts';
import { Reachability } from './postgresql/reachability.ts';
import { withoutPassword } from './postgresql/without-password.ts';
import type { Schema } from './schema.ts';
import { openSqlStore } from './sql-store.ts';
import type { Store } from './store.ts';
import { describe } from './unavailable.ts';

/** The oldest version that is tried. */
const oldestVersion = 13;
/** Advisory locks are numbers; any will do that nobody else has in the same database. */
const turn = 6_027_421_918;
const channel = 'postern_changes';

/**
 * Opens (and, if need be, creates or migrates) the store in a database that exists.
 * @param url `postgresql://user:password@host:port/database`; parameters as libpq has them (`?sslmode=verify-full`)
 * @param log told when the database can't be reached, and when it is back
 * @throws StoreError if the database can't be reached, is too old or was written by a newer Postern
 */
export async function openPostgresqlStore(
  url: string,
  clock: Clock = systemClock,
  log: EventLog = silentLog,
): Promise<Store> {
  const place = withoutPassword(url);
  const reachability = new Reachability(place, log, clock);
  const db = await openPostgresqlDatabase(url, reachability);
  try {
    const self = randomUUID();
    const store = await openSqlStore(db, engineOf(self), clock, place);
    const mute = listen(url, channel, {
      heard(payload) {
        // Whoever may connect may notify: it is no more than a reason to look.
        if (!payload.startsWith(self)) store.changes.look();
      },
      again: () => store.changes.look(),
    });
    reachability.opened();
    return {
      ...store,
      async close() {
        await mute();
        await store.close();
      },
    };
  } catch (error) {
    await db.destroy();
    throw unusable(place, error);
  }
}

/**
 * The database beneath a store, as it is.
 * @throws StoreError if it can't be reached or is too old
 */
export async function openPostgresqlDatabase(url: string, listener?: PoolListener): Promise<Kysely<Schema>> {
  const place = withoutPassword(url);
  const db = new Kysely<Schema>({ dialect: new OneWriterDialect({ pool: await openPool(url, listener) }) });
  try {
    await checkServer(db, place);
    return db;
  } catch (error) {
    await db.destroy();
    throw unusable(place, error);
  }
}

function unusable(place: string, error: unknown): StoreError {
  if (error instanceof StoreError) return error;
  return new StoreError(`${place} can't be used as the store: ${describe(error)}`, { cause: error });
}

/** @param self by which a process knows what it told itself */
const engineOf = (self: string): Engine => ({
  takeTurn,
  async tell(tx, head) {
    await sql`select pg_notify(${sql.lit(channel)}, ${`${self} ${head}`})`.execute(tx);
  },
  // The cluster that was initialized, and how often one of its copies was promoted or recovered to a point in time.
  async history(db) {
    const { rows } = await sql<{ system: string; timeline: string }>`
      select system_identifier::text as system, substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8) as timeline
      from pg_control_system()`.execute(db);
    const { system, timeline } = rows[0] as { system: string; timeline: string };
    return `${BigInt(system).toString(36)}-${Number.parseInt(timeline, 16)}`;
  },
  async openRead(db) {
    const reading = await db
      .startTransaction()
      .setIsolationLevel('repeatable read')
      .setAccessMode('read only')
      .execute();
    // Its reader may be slow; nobody waits for it.
    await sql`set local idle_in_transaction_session_timeout = '60s'`.execute(reading);
    return { db: reading, end: () => reading.rollback().execute() };
  },
});

/** From here to the end of the transaction nobody else writes. */
export async function takeTurn(tx: Transaction<Schema>): Promise<void> {
  await sql`select pg_advisory_xact_lock(${sql.lit(turn)})`.execute(tx);
}

class OneWriterDialect extends PostgresDialect {
  override createDriver(): Driver {
    return refusingInside(super.createDriver());
  }
}

async function checkServer(db: Kysely<Schema>, place: string): Promise<void> {
  const { rows } = await sql<{ version: number; encoding: string }>`
    select current_setting('server_version_num')::int as version, getdatabaseencoding() as encoding`.execute(db);
  const { version, encoding } = rows[0] as { version: number; encoding: string };
  if (version < oldestVersion * 10_000) {
    throw new StoreError(`${place} is PostgreSQL ${Math.floor(version / 10_000)}; expected ${oldestVersion} or newer`);
  }
  if (encoding !== 'UTF8') throw new StoreError(`${place} has the encoding ${encoding}; expected a database in UTF8`);
}
