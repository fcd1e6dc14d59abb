/** Is the application subscribed to this API? By the gateway's own data, so that a block holds at once. */
import { fault, faults } from '../../core/faults.ts';
import type { StageFactory } from '../stage.ts';
import { stateOf, tierOf } from '../subscriptions/subscription-table.ts';

const notSubscribed = fault(faults.notSubscribed);
const blocked = fault(faults.subscriptionBlocked);
const onHold = fault(faults.subscriptionOnHold);

export const checkSubscription: StageFactory = ({ authType }, { ordinal }, { subscriptions }) => {
  if (authType === 'None') return null;
  return (x) => {
    if (x.principal === null) return notSubscribed;
    const { client } = x.principal;
    const slot = subscriptions.findClient(client);
    if (slot < 0) return notSubscribed;
    x.application = subscriptions.applicationOf(slot);
    x.applicationTier = subscriptions.applicationTierOf(slot);
    x.keyType = subscriptions.keyTypeOf(slot);
    if (!subscriptions.stillClient(slot, client)) return notSubscribed;
    const subscription = subscriptions.subscription(x.application, ordinal);
    if (subscription < 0) return notSubscribed;
    x.subscriptionTier = tierOf(subscription);
    switch (stateOf(subscription)) {
      case 'UNBLOCKED':
        return undefined;
      case 'PROD_ONLY_BLOCKED':
        return x.keyType === 'PRODUCTION' ? blocked : undefined;
      case 'BLOCKED':
        return blocked;
      case 'ON_HOLD':
        return onHold;
      case 'REJECTED':
        return notSubscribed;
    }
  };
};
