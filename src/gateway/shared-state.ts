/** The memory that all threads of a gateway process share, as the threads are given it. */
import type { RevokedSetBuffers } from './revocation/revoked-set.ts';
import type { SubscriptionBuffers } from './subscriptions/subscription-table.ts';

export interface SharedState {
  /** Random, and kept with the disk copy: nobody outside can choose what collides. */
  readonly fingerprintKey: Uint8Array;
  readonly revoked: RevokedSetBuffers;
  readonly counters: SharedArrayBuffer;
  /** Counters of DPoP proofs: apart, so that who sends many takes no room from limits. */
  readonly proofs: SharedArrayBuffer;
  readonly subscriptions: SubscriptionBuffers;
  /** As `Freshness` has it; null = there is no source that could know better. */
  readonly freshness: SharedArrayBuffer | null;
  /** Word 0: whether traffic is served. Word 1: raised with all news. Word 2 + n: the pulse of data-plane thread n. */
  readonly control: SharedArrayBuffer;
}

/** Word of `control` that says whether traffic is served, and its values; 0 = nothing has been loaded yet. */
export const servingWord = 0;
export const serving = 1;
export const outOfRoom = 2;
/** Word of `control` that is another number each time that something was decided. */
export const newsWord = 1;
/** Word of `control` for the pulse of thread 0. */
export const firstPulseWord = 2;

/** `control` of a gateway with so many threads. */
export const allocateControl = (threads: number): SharedArrayBuffer =>
  new SharedArrayBuffer(4 * (firstPulseWord + threads));
