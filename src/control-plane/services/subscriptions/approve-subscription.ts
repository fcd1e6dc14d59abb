/** A subscription or a tier that an administrator has approved. */
import type { StoreTransaction } from '../../../adapters/stores/store.ts';
import { listedSubscription, updateSubscription } from '../../../adapters/stores/subscriptions.ts';
import { RestError } from '../../../platform/rest-error.ts';
import type { Publisher } from '../apis/api-access.ts';
import { checkTier } from './check-tier.ts';

/**
 * Much can happen between the question and the answer, so what was checked when it was asked for is checked again.
 * @param change what was asked for: the subscription itself, or another tier for it
 * @throws RestError 409 when it can't be done any more
 */
export async function approveSubscription(
  tx: StoreTransaction,
  id: string,
  change: { readonly state: 'UNBLOCKED' } | { readonly tier: string },
  requester: Publisher,
): Promise<void> {
  const found = await listedSubscription(tx.db, id);
  if (!found) throw new RestError(409, 'The subscription is not there any more.');
  const { api, subscription } = found;
  if ('state' in change && api.status !== 'PUBLISHED') {
    throw new RestError(409, `The API is ${api.status} by now; only a PUBLISHED one takes subscriptions.`);
  }
  const tier = 'tier' in change ? change.tier : subscription.tier;
  await checkTier(tx.db, api, tier, requester.roles).catch((error) => {
    throw error instanceof RestError
      ? new RestError(409, `The tier ${tier} can't be had any more: ${error.message}`)
      : error;
  });
  await updateSubscription(tx, id, change);
}
