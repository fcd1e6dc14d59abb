/** Keeps a query on the database itself out of the work of a transaction: on some engines it would wait for ever. */
import { AsyncLocalStorage } from 'node:async_hooks';
import type { Driver } from 'kysely';

const inside = new AsyncLocalStorage<{ running: boolean }>();

/** Runs the work of a transaction. */
export async function asTransaction<T>(work: () => Promise<T>): Promise<T> {
  // What is begun in a transaction may outlive it; then it is inside no more.
  const state = { running: true };
  try {
    return await inside.run(state, work);
  } finally {
    state.running = false;
  }
}

/** @throws Error to who is inside a transaction and asks for more than it has */
export function refuseInside(): void {
  if (!inside.getStore()?.running) return;
  throw new Error("a query in a transaction went to the store itself; use the transaction's own db");
}

/** A driver that refuses another connection to who is inside a transaction. */
export function refusingInside<D extends Driver>(driver: D): D {
  const acquire = driver.acquireConnection.bind(driver);
  driver.acquireConnection = async (options) => {
    refuseInside();
    return acquire(options);
  };
  return driver;
}

/**
 * Hands a driver's one connection from one to the next. kysely would do it too, but before the driver is asked, where
 * nobody could be refused.
 */
export function oneAtATime<D extends Driver>(driver: D): D {
  const acquire = driver.acquireConnection.bind(driver);
  const release = driver.releaseConnection.bind(driver);
  let last: Promise<void> = Promise.resolve();
  let done: () => void = () => {};
  driver.acquireConnection = async (options) => {
    const before = last;
    const { promise, resolve } = Promise.withResolvers<void>();
    last = promise;
    await before;
    done = resolve;
    return acquire(options);
  };
  driver.releaseConnection = async (connection, options) => {
    await release(connection, options);
    done();
  };
  return driver;
}
