/** Verifies passwords of which hashes are kept: bounded, remembered, and slower for who guesses. */
import type { Clock } from '../../platform/clock.ts';
import { type Bounds, bounded } from './bounded.ts';
import { unmatchedHash, verifyPassword } from './password.ts';
import type { LogInSource } from './user-store.ts';
import { VerifiedPasswords } from './verified-passwords.ts';
import { WrongPasswords } from './wrong-passwords.ts';

export interface LogInBounds {
  /** Of log-ins by clients that have authenticated themselves, and of our own. */
  readonly clients: Bounds;
  /** Of everybody else's. */
  readonly strangers: Bounds;
}

/** Three at once leave one of Node's four threads to signatures; 19 MiB each. */
export const defaultBounds: LogInBounds = {
  clients: { running: 2, waiting: 256, patience: 2000 },
  strangers: { running: 1, waiting: 16, patience: 2000 },
};

export interface HashedPasswords {
  /**
   * Whether the password is right. Takes the same time whether there is a user of the name or not.
   * @param name however it was written; `''` for what can be no user's
   * @param hash null = there is none of this name
   * @throws UserStoreBusyError when too many log in at once
   */
  verify(name: string, hash: string | null, password: string, from: LogInSource | undefined): Promise<boolean>;
  /** As in `UserStore`. */
  heldOff(name: string, from: LogInSource): number;
  /** Computes something as costly, when its turn comes. */
  inTurn<T>(work: () => Promise<T>, from: LogInSource | undefined): Promise<T>;
}

export function hashedPasswords(clock: Clock, bounds: LogInBounds = defaultBounds): HashedPasswords {
  const takeTurn = bounded(bounds.clients, clock);
  const takeStrangersTurn = bounded(bounds.strangers, clock);
  const verified = new VerifiedPasswords();
  const wrong = new WrongPasswords(clock);
  // Verified against when the name is unknown, so that its time tells nothing.
  const decoy = unmatchedHash();
  const inTurn = <T>(work: () => Promise<T>, from: LogInSource | undefined): Promise<T> =>
    (from?.kind === 'stranger' ? takeStrangersTurn : takeTurn)(work, from?.gone);
  return {
    inTurn,
    heldOff: (name, from) => wrong.heldOff(name, from.address),
    async verify(name, known, password, from) {
      if (from && wrong.heldOff(name, from.address) > 0) return false;
      const hash = known ?? decoy;
      const matches = async () => {
        // Of many at once with the same password, all but the first find it verified when it is their turn.
        if (verified.has(hash, password)) return true;
        const right = await verifyPassword(hash, password);
        if (right) verified.add(hash, password);
        return right;
      };
      const right = verified.has(hash, password) || (await inTurn(matches, from));
      if (from) wrong[right ? 'right' : 'wrong'](name, from.address);
      return known !== null && right;
    },
  };
}
