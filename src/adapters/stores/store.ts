/**
 * The store: a relational database, and the log of numbered changes that gateways follow.
 *
 * Queries are kysely's, in one module per table group beside this file (`users.ts`, `clients.ts`, `tokens.ts`, …);
 * they take the database or a transaction. What gateways must know is recorded with `StoreTransaction.record` in the
 * transaction that decides it, so a decision and its announcement are durable together or not at all.
 */
import type { Kysely, Transaction } from 'kysely';
import type { ChangeEvent, Position } from '../../core/events.ts';
import type { EntityChange, SnapshotHeader } from '../../core/snapshot.ts';
import type { Schema } from './schema.ts';

/** What query functions take: the database, or the transaction they belong to. */
export type Queryable = Kysely<Schema> | Transaction<Schema>;

export interface StoreTransaction {
  readonly db: Transaction<Schema>;
  /** Notes a change of an entity; it gets its number as the last statement of the transaction. */
  record(change: EntityChange): void;
}

export interface TransactionOptions {
  /**
   * Only rows of tokens, log-ins and revocations are written: what somebody remembers of all others stays true, and the
   * version of the head what it is. Default false.
   */
  readonly onlyTokens?: boolean;
}

/** Of transactions of log-ins and tokens. */
export const onlyTokens: TransactionOptions = { onlyTokens: true };

export interface StoreHead {
  /** Of the newest change. */
  readonly number: number;
  /** Another one after each transaction that is not `onlyTokens`. */
  readonly version: number;
  /** Of the newest change that revokes everything of a subject or of a client. */
  readonly revokedAll: number;
}

export interface Store {
  /** For single queries. Inside `transaction` it refuses: use the transaction's own. */
  readonly db: Kysely<Schema>;
  /**
   * Runs `work` in one transaction: committed when it resolves, undone when it rejects. Transactions take turns, in all
   * processes on the same database: what one has read nobody changes before it is done.
   */
  transaction<T>(work: (tx: StoreTransaction) => Promise<T>, options?: TransactionOptions): Promise<T>;
  /** Where the store stands, read after the call. Those who ask at the same time share the answer. */
  head(): Promise<StoreHead>;
  readonly changes: ChangeLog;
  /** Why nothing can be written to it at the moment, as far as it is known; null = it can. Absent = the store doesn't know. */
  writeProblem?(): Promise<string | null>;
  close(): Promise<void>;
}

export interface StoreSnapshot {
  readonly header: SnapshotHeader;
  readonly entities: AsyncIterable<EntityChange>;
  /**
   * The values of the revocations, each as JSON, some at a time; they are many, and nobody has to look into them to send
   * them. Has to be read too, after `entities`. Absent = they are among the entities.
   */
  readonly revocations?: AsyncIterable<readonly string[]>;
}

/** The numbered changes: dense, in commit order. */
export interface ChangeLog {
  /** Epoch of the store and number of the newest committed change. */
  head(): Promise<Position>;
  /**
   * Whether a position can be of this history: the change with its number was decided when it says. A store that was put
   * back to an earlier state, and has gone on since, has another one there. True where nothing tells them apart.
   */
  has(position: Position): Promise<boolean>;
  /**
   * Changes after `number`, oldest first, at most `limit`; null if some of them are no longer in the log, so that only
   * a snapshot helps.
   */
  after(number: number, limit: number): Promise<ChangeEvent[] | null>;
  /**
   * Everything that gateways need, from one consistent read.
   * @param apart `revocations`: they are not among the entities, if the log can tell them apart. Default: they are
   */
  snapshot(apart?: 'revocations'): Promise<StoreSnapshot>;
  /**
   * Calls back after each commit that has changes, in order; also those of other processes where the engine tells of
   * them. Returns the function that ends it.
   */
  onCommit(listener: (changes: readonly ChangeEvent[]) => void): () => void;
  /** Removes changes older than this (milliseconds since the epoch) and revocations that expired before it. */
  trim(olderThanMs: number): Promise<void>;
}
