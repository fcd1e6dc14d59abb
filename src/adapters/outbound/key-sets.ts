/** Key sets that others publish at addresses that a user gave (RFC 7517 section 5), kept for a while. */
import type { PublicJwk } from '../../core/token.ts';
import type { Clock } from '../../platform/clock.ts';
import { placeOf } from '../key-managers/https-request.ts';
import { readKeys } from '../key-managers/jwks.ts';
import { fetchOutside, type PrivateAddresses } from './fetch-outside.ts';

export interface KeySets {
  /**
   * The keys at this address.
   * @param again another one is looked for than those that are known: fetches them once more, if that was not just done
   * @throws Error that names the address, when they were never fetched and can't be now
   */
  get(url: string, again?: boolean): Promise<readonly PublicJwk[]>;
}

/** Milliseconds until they are fetched once more, and between two attempts at least. */
const freshFor = 600_000;
const coolDown = 30_000;
const timeout = 5000;
const maxAnswer = 65_536;
/** Sets at a time; the one that was asked for longest ago goes first. */
const most = 1000;

interface Known {
  keys: readonly PublicJwk[] | null;
  fetchedAt: number;
  triedAt: number;
  /** Why the last attempt failed. */
  problem: Error | null;
  pending: Promise<void> | null;
}

export function openKeySets(clock: Clock, privateAddresses: PrivateAddresses): KeySets {
  const sets = new Map<string, Known>();
  return {
    async get(url, again = false) {
      const known = sets.get(url) ?? { keys: null, fetchedAt: 0, triedAt: 0, problem: null, pending: null };
      sets.delete(url);
      sets.set(url, known);
      if (sets.size > most) sets.delete(sets.keys().next().value as string);
      const now = clock.now();
      const isStale = known.keys === null || again || Math.abs(now - known.fetchedAt) > freshFor;
      if (isStale && Math.abs(now - known.triedAt) >= coolDown) {
        known.triedAt = now;
        known.pending = renew(known, url, privateAddresses, now).finally(() => {
          known.pending = null;
        });
      }
      // Who asks meanwhile gets the same answer. The last good keys outlive an address that doesn't answer.
      if (isStale) await known.pending;
      if (known.keys === null) throw known.problem ?? new Error(`${placeOf(url)}: its keys are not known`);
      return known.keys;
    },
  };
}

async function renew(known: Known, url: string, privateAddresses: PrivateAddresses, now: number): Promise<void> {
  try {
    known.keys = readKeys(await fetchText(new URL(url), privateAddresses), placeOf(url));
    known.fetchedAt = now;
    known.problem = null;
  } catch (error) {
    known.problem = new Error(`${placeOf(url)}: ${(error as Error).message}`, { cause: error });
  }
}

async function fetchText(url: URL, privateAddresses: PrivateAddresses): Promise<string> {
  const response = await fetchOutside(
    url,
    { headers: { accept: 'application/jwk-set+json, application/json' }, signal: AbortSignal.timeout(timeout) },
    privateAddresses,
  );
  const pieces: Uint8Array[] = [];
  let length = 0;
  try {
    if (response.status !== 200) throw new Error(`answered ${response.status} where 200 was expected`);
    for await (const piece of response.body ?? []) {
      pieces.push(piece);
      length += piece.length;
      if (length > maxAnswer) throw new Error(`the answer has more than ${maxAnswer} bytes`);
    }
  } finally {
    await response.body?.cancel().catch(() => {});
  }
  return Buffer.concat(pieces).toString('utf8');
}
