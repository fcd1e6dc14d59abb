/** The end of a session, with what clients were given in it. */
import { endCode } from './authorization-codes.ts';
import { refuseDevice } from './device-codes.ts';
import { revokeFamily } from './revocations.ts';
import { deleteSession, familiesOfSession } from './sessions.ts';
import type { StoreTransaction } from './store.ts';

/**
 * Ends a session: codes and tokens that clients got in it are revoked, unless the user let them act while he is away
 * (`offline_access`, OpenID Connect Core section 11). Its clients will be told. False when it was gone.
 * @param now seconds since the epoch
 */
export async function endSession(tx: StoreTransaction, id: string, now: number): Promise<boolean> {
  const links = await familiesOfSession(tx.db, id);
  if (!(await deleteSession(tx, id))) return false;
  for (const { family } of links) {
    // The family of tokens has the name of the code that they are exchanged for.
    await endCode(tx, family, 'DEAD');
    await refuseDevice(tx, family);
    if (!(await outlives(tx, family, now))) await revokeFamily(tx, family, now);
  }
  return true;
}

async function outlives({ db }: StoreTransaction, family: string, now: number): Promise<boolean> {
  const rows = await db
    .selectFrom('refresh_tokens')
    .select('scope')
    .where('family', '=', family)
    .where('state', '=', 'ACTIVE')
    .where('expires_at', '>', now)
    .execute();
  return rows.some(({ scope }) => scope.split(' ').includes('offline_access'));
}
