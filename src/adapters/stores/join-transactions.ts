/**
 * Joins the small transactions of a moment into one, because a commit waits for the disk and the disk does not care how
 * much was written.
 */
import type { Store, StoreTransaction, TransactionOptions } from './store.ts';

/** Runs `work` in a transaction that others may share; resolves when it is committed. */
export type JoinedTransaction = <T>(work: (tx: StoreTransaction) => Promise<T>) => Promise<T>;

interface Waiting {
  readonly work: (tx: StoreTransaction) => Promise<unknown>;
  readonly resolve: (result: never) => void;
  readonly reject: (error: unknown) => void;
}

/** One transaction takes at most so many. */
const most = 256;

/**
 * `windowMs`: for how long the first of a batch waits for others; 0 = only for those that are there already.
 * `options`: those of the transactions.
 *
 * If a work rejects, all of its batch is undone and each is done again in a transaction of its own, so that only the
 * guilty one fails. So a work may run twice: its only effects must be those on the store.
 */
export function joinTransactions(store: Store, windowMs: number, options: TransactionOptions = {}): JoinedTransaction {
  const waiting: Waiting[] = [];
  let running = false;

  const begin = () => {
    running = true;
    if (windowMs > 0) setTimeout(() => void flush(), windowMs);
    else setImmediate(() => void flush());
  };
  const flush = async () => {
    const batch = waiting.splice(0, most);
    await commit(store, batch, options);
    running = false;
    if (waiting.length > 0) begin();
  };
  return (work) =>
    new Promise((resolve, reject) => {
      waiting.push({ work, resolve, reject });
      if (!running) begin();
    });
}

async function commit(store: Store, batch: readonly Waiting[], options: TransactionOptions): Promise<void> {
  try {
    const results = await store.transaction(async (tx) => {
      const results: unknown[] = [];
      for (const { work } of batch) results.push(await work(tx));
      return results;
    }, options);
    batch.forEach(({ resolve }, at) => {
      resolve(results[at] as never);
    });
  } catch (error) {
    if (batch.length === 1) batch[0]?.reject(error);
    else for (const one of batch) await commit(store, [one], options);
  }
}
