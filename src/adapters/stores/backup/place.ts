/** Where a store is, for whoever copies all of it out or puts another in its place: one implementation for each engine. */
import type { Transaction } from 'kysely';
import type { Schema } from '../schema.ts';
import type { BackupHeader, Row } from './format.ts';

export interface StorePlace {
  readonly engine: BackupHeader['engine'];
  /** For messages: without its password. */
  readonly name: string;
  /** Whether there is no store yet. */
  isEmpty(): Promise<boolean>;
  /**
   * Reads one state of the store, while others write.
   * @throws StoreError when there is none
   */
  read(work: (view: StoreView) => Promise<void>): Promise<void>;
  /** Puts a new store in the place of whatever is there: all of it, or, if anything fails, nothing. */
  replace(work: Replacement): Promise<void>;
  close(): Promise<void>;
}

export interface StoreView {
  readonly db: Transaction<Schema>;
  /** All rows of a table, some at once. */
  pages(table: string, columns: readonly string[]): AsyncIterable<Row[]>;
}

export interface Replacement {
  /** Last migration that the rows have the form of. */
  readonly migratedTo: string;
  /** Fills the tables of that form. They are empty but for what migrations put there. */
  fill(db: Transaction<Schema>): Promise<void>;
  /** Called when all migrations are applied, before anything counts. */
  finish(db: Transaction<Schema>): Promise<void>;
}

/**
 * Numbers that a table gives to its rows leap so far ahead: those that were given after the backup are not given again
 * to others. (Gateways know applications by them.)
 */
export const leap = 100_000;

/** Rows that are read at once: of these tables few, for one row can have megabytes. */
export function pageSize(table: string): number {
  return ['apis', 'documents', 'api_thumbnails'].includes(table) ? 4 : 200;
}
