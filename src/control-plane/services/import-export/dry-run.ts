/** Work in a transaction that is undone afterwards if it was only to find out what it would do. */
import type { StoreTransaction } from '../../../adapters/stores/store.ts';
import type { ControlPlaneDeps } from '../../deps.ts';

/**
 * @param work is given the services' dependencies, whose own transactions are part of this one
 * @param dryRun the same is done and checked, and nothing of it stays
 */
export async function inOneTransaction<T>(
  deps: ControlPlaneDeps,
  { dryRun }: { readonly dryRun: boolean },
  work: (tx: StoreTransaction, deps: ControlPlaneDeps) => Promise<T>,
): Promise<T> {
  const undo = new Undo<T>();
  try {
    return await deps.store.transaction(async (tx) => {
      const result = await work(tx, inside(deps, tx));
      if (!dryRun) return result;
      undo.result = result;
      throw undo;
    });
  } catch (error) {
    if (error !== undo) throw error;
    return undo.result as T;
  }
}

class Undo<T> extends Error {
  result: T | undefined;
}

function inside(deps: ControlPlaneDeps, tx: StoreTransaction): ControlPlaneDeps {
  const { store } = deps;
  const joined: typeof store = Object.create(store, {
    db: { value: tx.db },
    transaction: { value: <T>(work: (tx: StoreTransaction) => Promise<T>): Promise<T> => work(tx) },
  });
  return { ...deps, store: joined };
}
