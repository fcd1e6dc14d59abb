/**
 * Is the application subscribed to this API? By the gateway's own data, so that a block holds at once; or by what the
 * token says, where its issuer is believed in that.
 */
import type { KeyType, SubscriptionState } from '../../core/application.ts';
import { type Fault, fault, faults } from '../../core/faults.ts';
import { unlimited } from '../../core/policy.ts';
import type { Deps } from '../deps.ts';
import type { Exchange } from '../exchange.ts';
import type { LoadedApi } from '../routes.ts';
import type { Claimed, Principal } from '../security/principal.ts';
import type { StageFactory } from '../stage.ts';
import { stateOf, tierOf } from '../subscriptions/subscription-table.ts';
import { policyId } from '../throttling/policies.ts';

const notSubscribed = fault(faults.notSubscribed);
const blocked = fault(faults.subscriptionBlocked);
const onHold = fault(faults.subscriptionOnHold);
const policyMissing = fault(faults.policyMissing);

export const checkSubscription: StageFactory = ({ authType }, loaded, deps) => {
  if (authType === 'None') return null;
  const { subscriptions } = deps;
  const { ordinal } = loaded;
  const byClaim = checkClaim(loaded, deps);
  return (x) => {
    const { principal } = x;
    if (principal === null) return notSubscribed;
    if (principal.claimed !== null) return byClaim(x, principal, principal.claimed);
    const { client } = principal;
    const slot = subscriptions.findClient(client);
    if (slot < 0) return notSubscribed;
    x.application = subscriptions.applicationOf(slot);
    x.applicationTier = subscriptions.applicationTierOf(slot);
    x.keyType = principal.keyType ?? subscriptions.keyTypeOf(slot);
    if (!subscriptions.stillClient(slot, client)) return notSubscribed;
    const subscription = subscriptions.subscription(x.application, ordinal);
    if (subscription < 0) return notSubscribed;
    x.subscriptionTier = tierOf(subscription);
    return refusalOf(stateOf(subscription), x.keyType);
  };
};

function refusalOf(state: SubscriptionState, keyType: KeyType): Fault | undefined {
  switch (state) {
    case 'UNBLOCKED':
      return undefined;
    case 'PROD_ONLY_BLOCKED':
      return keyType === 'PRODUCTION' ? blocked : undefined;
    case 'BLOCKED':
      return blocked;
    case 'ON_HOLD':
      return onHold;
    case 'REJECTED':
      return notSubscribed;
  }
}

/** For callers without a subscription, if there is one; counted for each of them. */
const defaultTier = policyId('subscription', 'Default');

function checkClaim({ api, ordinal }: LoadedApi, { subscriptions, policies, policyNumbers }: Deps) {
  const unlimitedTier = policyId('subscription', unlimited);
  const tierWithout = (): number | undefined => {
    const number = policyNumbers.get(defaultTier);
    const exists = number !== undefined && policies.at(number)?.limit !== undefined;
    return exists ? number : policyNumbers.get(unlimitedTier);
  };
  /** What the data knows against it. The data doesn't have to know of the subscription at all. */
  const refusalByData = (client: Uint32Array, keyType: KeyType): Fault | undefined => {
    const slot = subscriptions.findClient(client);
    if (slot < 0) return undefined;
    const application = subscriptions.applicationOf(slot);
    if (!subscriptions.stillClient(slot, client)) return undefined;
    const subscription = subscriptions.subscription(application, ordinal);
    return subscription < 0 ? undefined : refusalOf(stateOf(subscription), keyType);
  };
  return (x: Exchange, { client, keyType }: Principal, { application, applicationTier, apis }: Claimed) => {
    x.application = application;
    x.keyType = keyType ?? 'PRODUCTION';
    const found = apis?.find(({ name, version }) => name === api.name && (version === api.version || version === '*'));
    if (apis !== null && !found) return notSubscribed;
    const tier = found ? policyNumbers.get(policyId('subscription', found.tier)) : tierWithout();
    const ofApplication = policyNumbers.get(policyId('application', applicationTier));
    if (tier === undefined || ofApplication === undefined) return policyMissing;
    x.subscriptionTier = tier;
    x.applicationTier = ofApplication;
    return found ? refusalByData(client, x.keyType) : undefined;
  };
}
