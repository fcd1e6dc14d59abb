/** What the kinds of database do differently. All else is SQL that each of them understands. */
import type { IsolationLevel, Transaction } from 'kysely';
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
  /** Under which several reads see the same state; undefined where a transaction does so anyway. */
  readonly consistentRead: IsolationLevel | undefined;
}
