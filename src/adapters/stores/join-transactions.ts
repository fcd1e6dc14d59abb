/**
 * Joins the small transactions of a moment into one, because a commit waits for the disk and the disk does not care how
 * much was written.
 */
import { together } from '../../platform/together.ts';
import type { Store, StoreTransaction, TransactionOptions } from './store.ts';

/** Runs `work` in a transaction that others may share; resolves when it is committed. */
export type JoinedTransaction = <T>(work: (tx: StoreTransaction) => Promise<T>) => Promise<T>;

type Work = (tx: StoreTransaction) => Promise<unknown>;

/**
 * `windowMs`: for how long the first of a batch waits for others; 0 = only for those that are there already.
 * `options`: those of the transactions.
 *
 * If a work rejects, all of its batch is undone and each is done again in a transaction of its own, so that only the
 * guilty one fails. So a work may run twice: its only effects must be those on the store.
 */
export function joinTransactions(store: Store, windowMs: number, options: TransactionOptions = {}): JoinedTransaction {
  const join = together((batch: readonly Work[]) => commit(store, batch, options), { windowMs });
  return async (work) => {
    const outcome = await join(work);
    if (outcome.status === 'rejected') throw outcome.reason;
    return outcome.value as never;
  };
}

async function commit(
  store: Store,
  batch: readonly Work[],
  options: TransactionOptions,
): Promise<PromiseSettledResult<unknown>[]> {
  try {
    return await store.transaction(async (tx) => {
      const results: PromiseSettledResult<unknown>[] = [];
      for (const work of batch) results.push({ status: 'fulfilled', value: await work(tx) });
      return results;
    }, options);
  } catch (reason) {
    if (batch.length === 1) return [{ status: 'rejected', reason }];
    const outcomes: PromiseSettledResult<unknown>[] = [];
    for (const work of batch) outcomes.push(...(await commit(store, [work], options)));
    return outcomes;
  }
}
