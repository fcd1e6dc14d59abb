/** Signing out everywhere: ours, the original has no such operation. */
import { recordAudit } from '../../../adapters/stores/audit-log.ts';
import { type Operation, type Operations, ok } from '../../rest/operation.ts';

/**
 * Ends every log-in of the caller and every token that was issued for him, the one that he calls with too, and those of
 * his applications themselves. API keys stay: each has a way of its own to be revoked.
 */
const signOut: Operation = async ({ caller }, { store, keyManager, clock }) => {
  const counts = await store.transaction(async (tx) => {
    const revoked = await keyManager.revoker.revokeSubject(caller.fullName, tx);
    await recordAudit(tx, {
      actor: caller.fullName,
      action: 'sign-out',
      kind: 'user',
      id: caller.fullName,
      name: caller.fullName,
      after: revoked,
      at: clock.now(),
    });
    return revoked;
  });
  return ok(counts);
};

export const signOuts: Operations = { 'POST /me/sign-out': signOut };
