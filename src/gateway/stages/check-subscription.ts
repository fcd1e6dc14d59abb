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
  const isManaged = loaded.api.managed === true;
  const byClaim = checkClaim(loaded, deps);
  return (x) => {
    const { principal } = x;
    if (principal === null) return notSubscribed;
    const { claimed, client } = principal;
    if (claimed !== null && !(isManaged && claimed.unlessManaged)) return byClaim(x, principal, claimed);
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
  /** The application as the gateway's data knows it; -1 = it doesn't. */
  const knownApplication = (client: Uint32Array): number => {
    const slot = subscriptions.findClient(client);
    if (slot < 0) return -1;
    const application = subscriptions.applicationOf(slot);
    return subscriptions.stillClient(slot, client) ? application : -1;
  };
  return (x: Exchange, { client, keyType }: Principal, { application, applicationTier, apis }: Claimed) => {
    const known = knownApplication(client);
    // What is decided about an application holds for it also where nobody asks for its subscriptions.
    x.application = known < 0 ? application : known;
    x.keyType = keyType ?? 'PRODUCTION';
    const found = apis?.find(({ name, version }) => name === api.name && (version === api.version || version === '*'));
    if (apis !== null && !found) return notSubscribed;
    const tier = found ? policyNumbers.get(policyId('subscription', found.tier)) : tierWithout();
    const ofApplication = policyNumbers.get(policyId('application', applicationTier));
    if (tier === undefined || ofApplication === undefined) return policyMissing;
    x.subscriptionTier = tier;
    x.applicationTier = ofApplication;
    const subscription = known < 0 ? -1 : subscriptions.subscription(known, ordinal);
    // The data doesn't have to know of the subscription at all; what it knows against it counts.
    return subscription < 0 ? undefined : refusalOf(stateOf(subscription), x.keyType);
  };
}
