/** A store that is a PostgreSQL database. A new one takes its place in one transaction. */
import { type Kysely, sql, type Transaction } from 'kysely';
import { migrate, StoreError } from '../migrate.ts';
import { withoutPassword } from '../postgresql/without-password.ts';
import { openPostgresqlDatabase, takeTurn } from '../postgresql.ts';
import type { Schema } from '../schema.ts';
import type { Cell, Row } from './format.ts';
import { leap, pageSize, type StorePlace, type StoreView } from './place.ts';
import { migrationTables, tables } from './tables.ts';

export async function postgresqlPlace(url: string): Promise<StorePlace> {
  const name = withoutPassword(url);
  const db = await openPostgresqlDatabase(url);
  return {
    engine: 'postgresql',
    name,
    isEmpty: async () => (await ownTables(db)).length === 0,
    async read(work) {
      if ((await ownTables(db)).length === 0) throw new StoreError(`there is no store in ${name}`);
      const transaction = db.transaction().setIsolationLevel('repeatable read').setAccessMode('read only');
      await transaction.execute(async (tx) => {
        // A disk that is slow to take what is read must not end it.
        await sql`set local idle_in_transaction_session_timeout = 0`.execute(tx);
        await work(viewOf(tx));
      });
    },
    async replace({ migratedTo, fill, finish }) {
      await db.transaction().execute(async (tx) => {
        await takeTurn(tx);
        await refuseNodes(tx, name);
        for (const table of (await ownTables(tx)).reverse()) await sql`drop table ${sql.table(table)}`.execute(tx);
        await migrate(tx, name, migratedTo);
        await fill(tx);
        await migrate(tx, name);
        await leapAhead(tx);
        await finish(tx);
      });
    },
    close: () => db.destroy(),
  };
}

/** Ours, in the order in which they are filled: others may have tables in the same database. */
async function ownTables(db: Kysely<Schema>): Promise<string[]> {
  const here = await db.introspection.getTables({ withInternalKyselyTables: true });
  const names = new Set(here.map(({ name }) => name));
  return [...tables, ...migrationTables].filter((table) => names.has(table));
}

async function refuseNodes(tx: Transaction<Schema>, name: string): Promise<void> {
  const { rows } = await sql<{ number: number }>`
    select count(*)::int as number from pg_stat_activity
    where datname = current_database() and application_name = 'postern' and pid <> pg_backend_pid()`.execute(tx);
  const number = rows[0]?.number ?? 0;
  if (number === 0) return;
  throw new StoreError(
    `${name} is in use: Postern has ${number} other connections to it; stop every key manager and control plane first`,
  );
}

function viewOf(db: Transaction<Schema>): StoreView {
  return {
    db,
    async *pages(table, columns) {
      const wanted = sql.join(columns.map((column) => sql.ref(column)));
      await sql`declare postern_rows no scroll cursor for select ${wanted} from ${sql.table(table)}`.execute(db);
      const next = sql<Record<string, Cell>>`fetch ${sql.lit(pageSize(table))} from postern_rows`;
      for (;;) {
        const { rows } = await next.execute(db);
        if (rows.length === 0) break;
        yield rows.map((row): Row => columns.map((column) => row[column] as Cell));
      }
      await sql`close postern_rows`.execute(db);
    },
  };
}

async function leapAhead(tx: Transaction<Schema>): Promise<void> {
  const { rows } = await sql<{ table: string; column: string }>`
    select table_name as table, column_name as column from information_schema.columns
    where is_identity = 'YES' and table_schema = current_schema()`.execute(tx);
  for (const { table, column } of rows.filter((row) => (tables as string[]).includes(row.table))) {
    await sql`select setval(pg_get_serial_sequence(${table}, ${column}),
      (select coalesce(max(${sql.ref(column)}), 0) + ${sql.lit(leap)} from ${sql.table(table)}))`.execute(tx);
  }
}
