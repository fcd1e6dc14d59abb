/** What others publish at addresses that a user gave, kept for a while. */
import type { Clock } from '../../platform/clock.ts';
import { placeOf } from '../key-managers/https-request.ts';
import { fetchBounded } from './fetch-bounded.ts';
import type { PrivateAddresses } from './fetch-outside.ts';

export interface KeptDocuments<T> {
  /**
   * The document at this address.
   * @param again something else is looked for than what is known: fetches it once more, if that was not just done
   * @throws Error that names the address, when it was never fetched and can't be now
   */
  get(url: string, again?: boolean): Promise<T>;
}

export interface DocumentKind<T> {
  /** Media types. */
  readonly accept: string;
  /** @throws Error that says what is wrong; `place` may stand before it */
  readonly read: (text: string, place: string) => T;
}

/** Milliseconds until it is fetched once more, and between two attempts at least. */
const freshFor = 600_000;
const coolDown = 30_000;
/** Documents at a time; the one that was asked for longest ago goes first. */
const most = 1000;

interface Known<T> {
  document: T | null;
  fetchedAt: number;
  triedAt: number;
  /** Why the last attempt failed. */
  problem: Error | null;
  pending: Promise<void> | null;
}

export function keepDocuments<T>(
  kind: DocumentKind<T>,
  clock: Clock,
  privateAddresses: PrivateAddresses,
): KeptDocuments<T> {
  const all = new Map<string, Known<T>>();

  async function renew(known: Known<T>, url: string, now: number): Promise<void> {
    const place = placeOf(url);
    try {
      const { status, text } = await fetchBounded(new URL(url), { headers: { accept: kind.accept } }, privateAddresses);
      if (status !== 200) throw new Error(`answered ${status} where 200 was expected`);
      known.document = kind.read(text, place);
      known.fetchedAt = now;
      known.problem = null;
    } catch (error) {
      const { message } = error as Error;
      known.problem = new Error(message.startsWith(place) ? message : `${place}: ${message}`, { cause: error });
    }
  }

  return {
    async get(url, again = false) {
      const known = all.get(url) ?? { document: null, fetchedAt: 0, triedAt: 0, problem: null, pending: null };
      all.delete(url);
      all.set(url, known);
      if (all.size > most) all.delete(all.keys().next().value as string);
      const now = clock.now();
      const isStale = known.document === null || again || Math.abs(now - known.fetchedAt) > freshFor;
      if (isStale && Math.abs(now - known.triedAt) >= coolDown) {
        known.triedAt = now;
        known.pending = renew(known, url, now).finally(() => {
          known.pending = null;
        });
      }
      // Who asks meanwhile gets the same answer. The last good one outlives an address that doesn't answer.
      if (isStale) await known.pending;
      if (known.document === null) throw known.problem ?? new Error(`${placeOf(url)}: nothing is known of it`);
      return known.document;
    },
  };
}
