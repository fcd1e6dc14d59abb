/** Revokes everything of ours that was issued for a user or to a consumer key, up to a second. */
import { revokeApiKeysBy } from '../../../adapters/stores/api-keys.ts';
import { recordAudit } from '../../../adapters/stores/audit-log.ts';
import { findClient } from '../../../adapters/stores/clients.ts';
import type { StoreTransaction } from '../../../adapters/stores/store.ts';
import { fullUserName } from '../../../core/tenant.ts';
import { RestError } from '../../../platform/rest-error.ts';
import { type ControlPlaneDeps, seconds } from '../../deps.ts';
import type { Caller } from '../../rest/caller.ts';
import type { RevocationOrder } from './read-order.ts';
import type { RevocationAnswer } from './revocation-answer.ts';

type Order = Pick<RevocationOrder, 'value' | 'issuedBefore'> & { readonly what: 'user' | 'consumerKey' };

/** @throws RestError 404 when there is no such user or consumer key, and nothing of theirs either */
export async function revokeEverything(
  deps: ControlPlaneDeps,
  { what, value, issuedBefore = seconds(deps.clock) }: Order,
  caller: Caller,
): Promise<RevocationAnswer> {
  const until = issuedBefore < seconds(deps.clock) ? issuedBefore : undefined;
  const user = what === 'user' ? await deps.users.find(value) : null;
  const name = what === 'user' ? (user?.fullName ?? fullUserName(value)) : value;
  const counts = await deps.store.transaction(async (tx) => {
    const counts = await (what === 'user' ? ofUser : ofClient)(tx, deps, name, until);
    // A user may be gone from where users are kept, and his tokens be here.
    const isKnown = what === 'user' ? user !== null : (await findClient(tx.db, name)) !== null;
    if (!isKnown && Object.values(counts).every((count) => count === 0)) {
      throw new RestError(
        404,
        `There is no ${what === 'user' ? 'user' : 'consumer key'} ${value}, and no token of it.`,
      );
    }
    await recordAudit(tx, {
      actor: caller.fullName,
      action: 'revoke-tokens',
      kind: what === 'user' ? 'user' : 'client',
      id: name,
      name,
      after: { issuedBefore, ...counts },
      at: deps.clock.now(),
    });
    return counts;
  });
  return { kind: what, value: name, issuedBefore, ...counts };
}

/** Also the API keys that he made. */
async function ofUser(tx: StoreTransaction, deps: ControlPlaneDeps, name: string, until: number | undefined) {
  const counts = await deps.keyManager.revoker.revokeSubject(name, tx, until);
  return { ...counts, apiKeys: await revokeApiKeysBy(tx, name, seconds(deps.clock), until) };
}

/** Its API keys are the application's, and stay. */
function ofClient(tx: StoreTransaction, deps: ControlPlaneDeps, consumerKey: string, until: number | undefined) {
  return deps.keyManager.revoker.revokeClient(consumerKey, tx, until);
}
