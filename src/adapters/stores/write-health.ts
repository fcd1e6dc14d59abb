/** Knows whether the last writes to an SQLite database failed for want of space or of a disk. */
import { StoreNotWritable } from './not-writable.ts';
import type { Store } from './store.ts';

/** SQLite's primary result codes that mean it, in words. */
const reasons: Readonly<Record<number, string>> = {
  8: 'it is read-only (SQLITE_READONLY)',
  10: 'its disk fails (SQLITE_IOERR)',
  13: 'there is no space left on its disk (SQLITE_FULL)',
};

/** What is written to find out whether there is space again: more than one page, which may be left over. */
const sample = { key: 'write-check', value: '.'.repeat(65_536) };

export class WriteHealth {
  #problem: string | null = null;

  /** @throws StoreNotWritable in place of an error that means it */
  watch<T>(query: () => T): T {
    try {
      return query();
    } catch (error) {
      // The extended code has the primary one in its lowest byte.
      const { errcode = 0 } = error as { errcode?: number };
      const why = reasons[errcode & 0xff];
      if (why === undefined) throw error;
      const notWritable = new StoreNotWritable(why, error as Error);
      this.#problem = notWritable.message;
      throw notWritable;
    }
  }

  /** After a failure it is tried: who is told to send nothing more would never hear that there is space again. */
  async problemOf(store: Store): Promise<string | null> {
    if (this.#problem === null) return null;
    try {
      await store.transaction(({ db }) => db.replaceInto('meta').values(sample).execute());
      await store.transaction(({ db }) => db.deleteFrom('meta').where('key', '=', sample.key).execute());
      this.#problem = null;
    } catch (error) {
      if (!(error instanceof StoreNotWritable)) throw error;
    }
    return this.#problem;
  }
}
