/** What the kinds of database do differently. All else is SQL that each of them understands. */
import type { Kysely, Transaction } from 'kysely';
import type { Schema } from './schema.ts';
import type { Queryable } from './store.ts';

export interface Engine {
  /**
   * The first statement of a transaction that writes: from here to its end nobody else writes, in this process or in
   * another one. So what was read stays true until it is written, and numbers are in commit order.
   */
  takeTurn(tx: Transaction<Schema>): Promise<void>;
  /** The last one of a transaction with changes: other processes hear of them when it commits. */
  tell(tx: Transaction<Schema>, head: number): Promise<void>;
  /** What tells this history of numbers from another one that the same rows could have: part of the epoch. */
  history(db: Queryable): Promise<string>;
  /**
   * Begins to read one state of the store, however long that takes and whatever is written meanwhile. Whoever gets it
   * has to end it.
   */
  openRead(db: Kysely<Schema>): Promise<Reading>;
}

export interface Reading {
  readonly db: Queryable;
  end(): Promise<void>;
}
