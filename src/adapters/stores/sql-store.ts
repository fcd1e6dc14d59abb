/** The store over any engine: transactions whose changes are numbered, told to other processes and announced here. */
import { type Kysely, sql } from 'kysely';
import type { EntityChange } from '../../core/snapshot.ts';
import type { Clock } from '../../platform/clock.ts';
import { appendChanges, readHead, SqlChangeLog } from './change-log.ts';
import type { Engine } from './engine.ts';
import { migrate } from './migrate.ts';
import { asTransaction, refuseInside } from './one-writer.ts';
import type { Schema } from './schema.ts';
import type { Store, StoreTransaction } from './store.ts';

/**
 * @param place what to call the database in errors: without its password
 * @throws StoreError when the database can't be brought to this version
 */
export async function openSqlStore(
  db: Kysely<Schema>,
  engine: Engine,
  clock: Clock,
  place: string,
): Promise<Store & { readonly changes: SqlChangeLog }> {
  await migrate(db, place);
  const changes = await SqlChangeLog.open(db, engine);
  // One of this process waits for its turn among processes; the others here, where they keep no connection from readers.
  let last: Promise<unknown> = Promise.resolve();
  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const result = last.then(work);
    last = result.catch(() => {});
    return result;
  };
  return {
    db,
    changes,
    head: joined(() => readHead(db)),
    async transaction<T>(work: (tx: StoreTransaction) => Promise<T>, { onlyTokens = false } = {}): Promise<T> {
      refuseInside();
      const recorded: EntityChange[] = [];
      const begin = () =>
        // Each query sees what was committed before it, also what was while the transaction waited for its turn.
        db
          .transaction()
          .setIsolationLevel('read committed')
          .execute(async (tx) => {
            await engine.takeTurn(tx);
            const result = await asTransaction(() => work({ db: tx, record: (change) => void recorded.push(change) }));
            if (!onlyTokens) await tx.updateTable('head').set({ version: sql<number>`version + 1` }).execute();
            if (recorded.length === 0) return { result, events: null };
            const events = await appendChanges(tx, recorded, clock);
            await engine.tell(tx, events.at(-1)?.number ?? 0);
            return { result, events };
          });
      const { result, events } = await inTurn(begin);
      if (events) changes.announce(events);
      return result;
    },
    close: () => db.destroy(),
  };
}

/** Calls that come before the work begins, which is at the end of this turn of the event loop, share its outcome. */
function joined<T>(work: () => Promise<T>): () => Promise<T> {
  let next: Promise<T> | null = null;
  return () => {
    next ??= new Promise((resolve) => {
      setImmediate(() => {
        next = null;
        resolve(work());
      });
    });
    return next;
  };
}
