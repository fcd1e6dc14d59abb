/**
 * Clients as the store has them, with what else is read for each of their tokens. Asking the store for all of it takes longer than
 * everything else that is done for a token, and it changes seldom: it is remembered until anything but tokens is written.
 */
import { type ClientRow, findClient } from '../../adapters/stores/clients.ts';
import type { Store } from '../../adapters/stores/store.ts';
import { Remembered } from '../remembered.ts';

/** Some of it depends on what a client asks for, which can be ever something else. */
const mostForRow = 100;

/** What was read for a row, by what it is. It is as good as the row: it was read later, and is forgotten with it. */
const readFor = new WeakMap<ClientRow, Map<string, Promise<unknown>>>();

export class KnownClients {
  readonly #store: Store;
  // Names of nobody are without number.
  readonly #rows = new Remembered<ClientRow | null>((row) => row !== null);

  constructor(store: Store) {
    this.#store = store;
  }

  /** @param version of the store's head, read when the request began */
  find(consumerKey: string, version: number): Promise<ClientRow | null> {
    // No text in PostgreSQL has it, and to ask would be an error.
    if (consumerKey.includes('\0')) return Promise.resolve(null);
    return this.#rows.get(consumerKey, version, () => findClient(this.#store.db, consumerKey));
  }
}

/** What `read` gives for the client; read once for the same row. `what` tells it from others. */
export function readOnce<T>(client: ClientRow, what: string, read: () => Promise<T>): Promise<T> {
  let all = readFor.get(client);
  if (!all) {
    all = new Map();
    readFor.set(client, all);
  }
  const known = all.get(what) as Promise<T> | undefined;
  if (known) return known;
  if (all.size >= mostForRow) all.clear();
  const reading = read();
  all.set(what, reading);
  reading.catch(() => all.delete(what));
  return reading;
}
