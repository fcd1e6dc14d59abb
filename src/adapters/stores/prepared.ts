/** Queries that are put together once: kysely takes longer to build and compile one than SQLite to run it. */
import type { Compilable, CompiledQuery, InsertQueryBuilder, InsertResult, QueryResult } from 'kysely';
import type { Schema } from './schema.ts';
import type { Queryable } from './store.ts';

/** Stands for a value in a query that is being put together. */
class Place {
  readonly name: string;
  constructor(name: string) {
    this.name = name;
  }
}

/** Gives what stands for the value of this name, wherever the query takes a value. */
export type PlaceFor = <T>(name: string) => T;

/**
 * A query for the hot paths of the token service.
 * @param build is called once for each kind of database; its result must not depend on the values
 */
export function prepared<Row>(
  build: (db: Queryable, place: PlaceFor) => Compilable<Row>,
): (db: Queryable, values: Readonly<Record<string, unknown>>) => Promise<QueryResult<Row>> {
  const byKind = new WeakMap<object, CompiledQuery<Row>>();
  const place: PlaceFor = (name) => new Place(name) as never;
  return (db, values) => {
    const kind = db.getExecutor().adapter.constructor;
    let compiled = byKind.get(kind);
    if (!compiled) {
      compiled = build(db, place).compile();
      byKind.set(kind, compiled);
    }
    const parameters = compiled.parameters.map((one) => (one instanceof Place ? values[one.name] : one));
    return db.executeQuery({ ...compiled, parameters });
  };
}

/**
 * The insertion of a row, put together once.
 * @param columns all that the table has
 */
export function preparedInsert<Table extends keyof Schema & string>(
  table: Table,
  columns: Readonly<Record<keyof Schema[Table], true>>,
  more: (query: InsertQueryBuilder<Schema, Table, InsertResult>) => Compilable<InsertResult> = (query) => query,
) {
  return prepared((db, place) => {
    const values = Object.fromEntries(Object.keys(columns).map((name) => [name, place(name)]));
    return more(db.insertInto(table).values(values as never));
  });
}

/**
 * The insertion of several rows by one statement, put together once for each number of them; it should be one of few.
 * @param columns all that the table has
 */
export function preparedInserts<Table extends keyof Schema & string>(
  table: Table,
  columns: Readonly<Record<keyof Schema[Table], true>>,
  more: (query: InsertQueryBuilder<Schema, Table, InsertResult>) => Compilable<InsertResult>,
): (db: Queryable, rows: readonly Schema[Table][]) => Promise<QueryResult<InsertResult>> {
  const names = Object.keys(columns) as (keyof Schema[Table])[];
  const byNumber = new Map<number, ReturnType<typeof prepared<InsertResult>>>();
  return (db, rows) => {
    let insert = byNumber.get(rows.length);
    if (!insert) {
      insert = prepared((db, place) => {
        // Its values are one list, in which each has its place.
        const values = rows.map((_, row) =>
          Object.fromEntries(names.map((name, column) => [name, place(String(row * names.length + column))])),
        );
        return more(db.insertInto(table).values(values as never));
      });
      byNumber.set(rows.length, insert);
    }
    return insert(db, rows.flatMap((row) => names.map((name) => row[name])) as unknown as Record<string, unknown>);
  };
}
